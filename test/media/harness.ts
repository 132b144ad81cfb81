import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, launch, type Page } from 'puppeteer-core';
import { CHROMIUM_FLAGS } from '../../demo/check/chromium-flags.ts';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import { createMedia, type MediaOptions } from '../../src/media/index.ts';
import type {
  AnsweredOffer,
  Clock,
  Media,
  OfferedTrack,
  OpenedData,
  Peer,
  PeerEvents,
  PublishedTrack,
  ScalabilityModes,
  TrunkPeer,
  TrunkPeerEvents,
} from '../../src/ports.ts';
import {
  type ConferenceKey,
  keyOfConference,
  keyOfSession,
  keyOfSubscription,
  keyOfTrack,
  type SessionKey,
  type TrackRef,
} from '../../src/session.ts';
import { FIREFOX_PREFERENCES } from '../../demo/check/firefox-preferences.ts';
import { type InboundVideo, installClient } from './page-client.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

const silent = (): void => undefined;
export const quietLogger = { debug: silent, info: silent, warn: silent, error: silent };

/** Asks `probe` until it gives something, at most `timeoutMs`. */
export async function eventually<T>(
  what: string | (() => string),
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end)
      throw new Error(`did not happen within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
    await sleep(50);
  }
}

export async function startMedia(options: Partial<MediaOptions> = {}): Promise<Media> {
  const workerBin = process.env['MEDIASOUP_WORKER_BIN'];
  return createMedia({
    workers: 1,
    listen: [{ ip: '127.0.0.1' }],
    enableTcp: true,
    logger: quietLogger,
    clock: systemClock,
    ...(workerBin === undefined ? {} : { workerBin }),
    ...options,
  });
}

export interface PeerLog {
  control: string[];
  controlOpen: number;
  path: string[];
  /** bit/s, each one that was told. */
  estimates: number[];
  /** bit/s of each layer by track id, as measured last. */
  bitrates: Map<string, number[]>;
  /** Layers that it was sent, as they changed. */
  shown: (number | undefined)[];
  /** How often somebody was heard on one of its tracks. */
  levels: number;
  /** Track ids of the main speakers. */
  dominant: string[];
  failed: ErrorCode[];
  /** Data channels that it opened, until they are closed. */
  channels: Map<number, OpenedData>;
  /** Codes of what was dropped or closed of its data. */
  dataErrors: ErrorCode[];
  /** Channels to it that ended, with the code. */
  forwardsEnded: [number, ErrorCode | undefined][];
}

/** A track as a viewer is offered it. */
export function offered(ref: TrackRef, publisher: SessionKey, layer: number | undefined, paused = false): OfferedTrack {
  return { key: keyOfSubscription(ref), ref, source: ref, publisher, layer, paused, priority: 1 };
}

/** Serves a viewer anew of a video. */
export function serve(peer: Peer, ref: TrackRef, layer: number, paused = false): Promise<void> {
  return peer.adjust(keyOfSubscription(ref), { layer, paused, priority: 1 });
}

function emptyLog(): PeerLog {
  return {
    control: [],
    controlOpen: 0,
    path: [],
    estimates: [],
    bitrates: new Map(),
    shown: [],
    levels: 0,
    dominant: [],
    failed: [],
    channels: new Map(),
    dataErrors: [],
    forwardsEnded: [],
  };
}

function noting(log: PeerLog): PeerEvents {
  return {
    control: text => log.control.push(text),
    controlOpen: () => {
      log.controlOpen += 1;
    },
    path: state => log.path.push(state),
    estimate: available => log.estimates.push(available),
    measured: tracks => {
      for (const { ref, bitrates } of tracks) log.bitrates.set(ref.trackId, bitrates);
    },
    shown: (_, layer) => log.shown.push(layer),
    loud: () => {
      log.levels += 1;
    },
    dominant: track => log.dominant.push(track.trackId),
    data: {
      opened: channel => log.channels.set(channel.channelId, channel),
      closed: (channelId, error) => {
        log.channels.delete(channelId);
        if (error !== undefined) log.dataErrors.push(error.code);
      },
      dropped: error => log.dataErrors.push(error.code),
      forwardEnded: ({ channelId }, error) => log.forwardsEnded.push([channelId, error?.code]),
    },
    failed: code => log.failed.push(code),
  };
}

export async function openPeer(
  media: Media,
  conference: ConferenceKey,
  name: string,
): Promise<{ peer: Peer; log: PeerLog; session: SessionKey }> {
  const log = emptyLog();
  const session = keyOfSession({ userId: `@${name}:test`, deviceId: 'DEV', sessionId: name });
  return { peer: await media.open(conference, session, noting(log)), log, session };
}

/** The media between `media` and the focus of that name. */
export async function openTrunk(
  media: Media,
  conference: ConferenceKey,
  name: string,
  carry: TrunkPeerEvents['carry'] = () => 'taken',
): Promise<{ peer: TrunkPeer; log: PeerLog; session: SessionKey }> {
  const log = emptyLog();
  const session = keyOfSession({ userId: `@${name}:test`, deviceId: 'FOCUS', sessionId: name });
  return {
    peer: await media.openTrunk(conference, session, { ...noting(log), carry, uncarry: () => undefined }),
    log,
    session,
  };
}

let conferences = 0;
export function newConference(): ConferenceKey {
  conferences += 1;
  return keyOfConference({ roomId: '!room:test', confId: `conf${conferences}` });
}

export interface Pages {
  url: string;
  browser: Browser;
  close(): Promise<void>;
}

/** A browser, and a loopback origin that may use its devices. */
async function startPages(start: (userDataDir: string) => Promise<Browser>): Promise<Pages> {
  const server = http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>peer</title><body></body>');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const userDataDir = await mkdtemp(path.join(tmpdir(), 'weir-media-test-'));
  const browser = await start(userDataDir);
  return {
    url: `http://127.0.0.1:${port}/`,
    browser,
    close: async () => {
      await browser.close();
      await new Promise(resolve => server.close(resolve));
      await rm(userDataDir, { recursive: true, force: true });
    },
  };
}

/** Debian's Chromium with fake devices. */
export function startChromium(): Promise<Pages> {
  return startPages(userDataDir =>
    launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      userDataDir,
      args: [...CHROMIUM_FLAGS, '--headless=new', '--no-sandbox', '--use-fake-device-for-media-stream'],
    }),
  );
}

/** Debian's Firefox with fake devices. It gathers no loopback address: run it where there is another one. */
export function startFirefox(): Promise<Pages> {
  return startPages(userDataDir =>
    launch({
      browser: 'firefox',
      executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
      headless: true,
      // On a busy machine it takes its time.
      timeout: 120_000,
      userDataDir,
      extraPrefsFirefox: {
        ...FIREFOX_PREFERENCES,
        'app.update.disabledForTesting': true,
        'datareporting.policy.dataSubmissionEnabled': false,
      },
    }),
  );
}

/** A page in a call, and its peer on the focus's side. */
export class BrowserPeer {
  readonly page: Page;
  readonly peer: Peer;
  readonly log: PeerLog;
  readonly session: SessionKey;
  published: PublishedTrack[] = [];
  #offered: OfferedTrack[] = [];
  #modes: ScalabilityModes = new Map();

  constructor(page: Page, opened: { peer: Peer; log: PeerLog; session: SessionKey }) {
    this.page = page;
    this.peer = opened.peer;
    this.log = opened.log;
    this.session = opened.session;
  }

  static async open(pages: Pages, media: Media, conference: ConferenceKey, name: string): Promise<BrowserPeer> {
    const page = await pages.browser.newPage();
    await page.goto(pages.url);
    await page.evaluate(installClient);
    return new BrowserPeer(page, await openPeer(media, conference, name));
  }

  /** `mode`: of a video that it sends in one stream (SVC). */
  async join(width = 640, height = 360, mode?: string): Promise<AnsweredOffer> {
    const { streamId, video: trackId } = await this.page.evaluate(
      (w, h, svc) => window.client.publish(w, h, svc),
      width,
      height,
      mode,
    );
    if (mode !== undefined) this.#modes = new Map([[keyOfTrack({ streamId, trackId }), mode]]);
    await this.page.evaluate(() => window.client.openChannel());
    return this.offer();
  }

  /** The page offers, the focus answers, and makes an offer of its own where one is due. */
  async offer(iceRestart = false): Promise<AnsweredOffer> {
    const sdp = await this.page.evaluate(restart => window.client.offer(restart), iceRestart);
    const answered = await this.peer.answer(sdp, this.#modes);
    await this.page.evaluate(answer => window.client.takeAnswer(answer), answered.sdp);
    this.published = answered.published;
    if (answered.offerDue === true) await this.receive(this.#offered);
    return answered;
  }

  /** The focus offers these tracks, the page answers. Gives both descriptions. */
  async receive(tracks: OfferedTrack[]): Promise<{ offer: string; answer: string }> {
    this.#offered = tracks;
    const { sdp } = await this.peer.offer(tracks);
    const answer = await this.page.evaluate(offer => window.client.takeOffer(offer), sdp);
    await this.peer.accept(answer);
    return { offer: sdp, answer };
  }

  /** All tracks of this participant, as others are offered them. */
  tracks(layer = 2): OfferedTrack[] {
    return this.published.map(({ ref, kind }) => offered(ref, this.session, kind === 'video' ? layer : undefined));
  }

  async close(): Promise<void> {
    this.peer.close();
    if (!this.page.isClosed()) await this.page.close();
  }
}

/** Resolves once frames of this width are being decoded from a track. */
export async function seesWidth(
  viewer: BrowserPeer,
  trackId: string,
  width: number,
  timeoutMs = 20_000,
): Promise<void> {
  let inbound: InboundVideo[] = [];
  await eventually(
    () => `${trackId} at ${width} px: ${JSON.stringify(inbound)}`,
    async () => {
      inbound = await viewer.page.evaluate(() => window.client.inboundVideo());
      return inbound.some(video => video.trackId === trackId && video.width === width && video.framesDecoded > 0);
    },
    timeoutMs,
  );
}

/** The video that a participant published first. */
export function videoOf(peer: BrowserPeer): PublishedTrack {
  const video = peer.published.find(({ kind }) => kind === 'video');
  if (video === undefined) throw new Error('publishes no video');
  return video;
}

/** Resolves once the viewer has decoded more than `more` frames of the track beyond those of now, at most `withinMs` later. */
export async function framesFlow(
  viewer: BrowserPeer,
  trackId: string,
  { more, withinMs }: { more: number; withinMs: number },
): Promise<void> {
  const count = async (): Promise<number> =>
    (await viewer.page.evaluate(() => window.client.inboundVideo()))
      .filter(video => video.trackId === trackId)
      .reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
  const before = await count();
  await eventually(`frames of ${trackId}`, async () => (await count()) > before + more, withinMs);
}
