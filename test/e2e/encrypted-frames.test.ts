/** Encrypted frames in real browsers: a page that calls itself, over two connections. */
import type { Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Pages, startChromium, startFirefox } from '../media/harness.ts';
import type { Look, Scene } from './encrypted-frames/main.ts';
import { type PageServer, servePage } from './encrypted-frames/page-server.ts';

const FRAMES = 20;
/** Both ends are on one machine, which may have loopback alone. */
const ON_LOOPBACK = { 'media.peerconnection.ice.loopback': true };
const WITHIN_MS = 40_000;

let server: PageServer;
beforeAll(async () => {
  server = await servePage();
});
afterAll(() => server.close());

const BROWSERS = [
  { browser: 'Chromium', start: () => startChromium(), way: 'script', refused: 'H264', svc: true },
  // Debian's has no H264 of its own, and layers it sends as streams alone.
  { browser: 'Firefox', start: () => startFirefox(ON_LOOPBACK), way: 'script', refused: 'AV1', svc: false },
  {
    browser: 'Chromium, by streams of the page',
    start: () => startChromium(),
    way: 'streams',
    refused: 'H264',
    svc: true,
  },
] as const;

describe.each(BROWSERS)('$browser', ({ start, way, refused, svc }) => {
  let pages: Pages;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    pages = await start();
    page = await pages.browser.newPage();
    page.on('pageerror', error => complaints.push(String(error)));
    await page.goto(server.url);
    await page.waitForFunction(() => 'selfCall' in window);
  });
  afterAll(() => pages.close());
  afterEach(async () => {
    await page.evaluate(() => window.selfCall.end());
    expect(complaints.splice(0)).toEqual([]);
  });

  const play = (scene: Omit<Scene, 'way'>): Promise<void> =>
    page.evaluate(played => window.selfCall.play(played), { ...scene, way });

  /** Resolves to how it is once it is as `wanted`. */
  async function looks(what: string, wanted: (look: Look) => boolean): Promise<Look> {
    let look: Look | undefined;
    return eventually(
      () => `${what}: ${JSON.stringify({ ...look, witnessed: undefined })}`,
      async () => {
        look = await page.evaluate(() => window.selfCall.look());
        return wanted(look) && look;
      },
      WITHIN_MS,
    );
  }

  /** More pictures and more voice than now come out. */
  async function flows(): Promise<Look> {
    const before = await page.evaluate(() => window.selfCall.look());
    return looks(
      'flows',
      now =>
        now.framesDecoded > before.framesDecoded + FRAMES &&
        now.videoTime > before.videoTime &&
        now.audioEnergy > before.audioEnergy,
    );
  }

  const last = ({ states }: Look, kind: 'audio' | 'video'): string => {
    const state = states[kind].at(-1);
    return state?.kind === 'failing' ? state.reason : (state?.kind ?? 'nothing');
  };
  const failing = (reason: string): ((look: Look) => boolean) => {
    return look => last(look, 'audio') === reason && last(look, 'video') === reason;
  };
  const total = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);

  /** What came was told as failing, and none of it came out, however long. */
  async function nothingComesOut(reason: string): Promise<void> {
    await looks(`failing, ${reason}`, failing(reason));
    const { framesDecoded, audioEnergy, received } = await looks(
      'more to refuse',
      now => total(now.received.video.refused) > 2 * FRAMES && total(now.received.audio.refused) > 2 * FRAMES,
    );
    expect([framesDecoded, audioEnergy, received.video.decrypted, received.audio.decrypted]).toEqual([0, 0, 0, 0]);
  }

  it.each(['VP8', 'VP9'])('carries %s and opus, and what comes out is what went in', async codec => {
    await play({ codec, encrypted: true, key: 'right' });
    const look = await flows();
    expect(look.sentIn).toBe(`video/${codec}`);
    expect(look.way).toBe('script');
    expect([last(look, 'audio'), last(look, 'video')]).toEqual(['decrypted', 'decrypted']);
    expect([look.states.audio.length, look.states.video.length]).toEqual([1, 1]);
    expect(look.failures).toEqual([]);
    const matched = ({ witnessed: { sent, received } }: Look): boolean => {
      const went = new Set(sent.map(one => [one.kind, one.keyId, one.counter, one.digest].join()));
      return (
        received.length > FRAMES &&
        received.every(one => went.has([one.kind, one.keyId, one.counter, one.digest].join()))
      );
    };
    const { witnessed } = await looks('the same at both ends', matched);
    expect(new Set(witnessed.received.map(({ kind }) => kind))).toEqual(new Set(['audio', 'video']));
    expect(new Set(witnessed.sent.map(({ keyId, counter }) => `${keyId} ${counter}`)).size).toBe(witnessed.sent.length);
  });

  const layered = svc ? [{ codec: 'VP9', scalabilityMode: 'L3T3_KEY' }] : [];
  it.each(layered)('carries layers of one picture: $codec, $scalabilityMode', async layers => {
    await play({ ...layers, encrypted: true, key: 'right' });
    const { width, sent, framesDecoded } = await flows();
    expect(width).toBe(640);
    // Each layer is a frame of its own.
    expect(sent.video.encrypted).toBeGreaterThan(framesDecoded * 1.5);
  });

  it('shows nothing of whom it has another key', async () => {
    await play({ codec: 'VP8', encrypted: true, key: 'wrong' });
    await nothingComesOut('not_authentic');
  });

  it('shows nothing before it has a key, and all once it comes', async () => {
    await play({ codec: 'VP8', encrypted: true, key: 'none' });
    await nothingComesOut('no_key');
    await page.evaluate(() => window.selfCall.tellKey());
    const look = await flows();
    expect([look.states.audio, look.states.video].map(states => states.map(({ kind }) => kind))).toEqual([
      ['failing', 'decrypted'],
      ['failing', 'decrypted'],
    ]);
  });

  it.each(['VP8', 'VP9'])('shows nothing that nobody encrypted: %s', async codec => {
    await play({ codec, encrypted: false, key: 'right' });
    const { bytesSent } = await looks('clear pictures on their way', now => now.framesEncoded > FRAMES);
    expect(bytesSent).toBeGreaterThan(0);
    await nothingComesOut('clear');
  });

  it(`sends nothing in ${refused}, and shows nothing that comes in it`, async () => {
    await play({ codec: refused, encrypted: true, key: 'right' });
    const look = await looks('refused', now => (now.sent.video.refused['codec'] ?? 0) > FRAMES);
    expect(look).toMatchObject({ sentIn: `video/${refused}`, bytesSent: 0, framesDecoded: 0 });
    expect(look.sent.video.encrypted).toBe(0);
    await looks('heard all the same', now => now.audioEnergy > 0);
    await page.evaluate(() => window.selfCall.end());
    await play({ codec: refused, encrypted: false, key: 'right' });
    const shown = await looks('failing, codec', now => last(now, 'video') === 'codec');
    expect(shown.framesDecoded).toBe(0);
  });

  it('goes on with the next key, and shows nothing of one that it was not told', async () => {
    await play({ codec: 'VP8', encrypted: true, key: 'right' });
    await flows();
    await page.evaluate(() => window.selfCall.nextKey(true));
    expect(last(await flows(), 'video')).toBe('decrypted');
    await page.evaluate(() => window.selfCall.nextKey(false));
    await looks('failing, no_key', failing('no_key'));
  });

  it('shows nothing of somebody else than it is bound to', async () => {
    await play({ codec: 'VP8', encrypted: true, key: 'right' });
    await flows();
    await page.evaluate(() => window.selfCall.bindToAnother());
    await looks('failing, not_authentic', failing('not_authentic'));
    await page.evaluate(() => window.selfCall.bindBack());
    const look = await flows();
    expect(look.states.video.map(({ kind }) => kind)).toEqual([
      'decrypted',
      'waiting',
      'failing',
      'waiting',
      'decrypted',
    ]);
  });

  it('sends nothing any more once its encryption is closed', async () => {
    await play({ codec: 'VP8', encrypted: true, key: 'right' });
    await flows();
    await page.evaluate(() => window.selfCall.closeEncryption());
    // What was on its way has left.
    const closed = await looks('a little later', now => now.framesEncoded > FRAMES);
    const settled = await looks('pictures later', now => now.framesEncoded > closed.framesEncoded + FRAMES);
    const later = await looks('more pictures later', now => now.framesEncoded > settled.framesEncoded + FRAMES);
    expect(later.bytesSent).toBe(settled.bytesSent);
    expect(later.received.video.decrypted).toBe(settled.received.video.decrypted);
  });
});
