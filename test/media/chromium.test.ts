import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { Media } from '../../src/ports.ts';
import type { ConferenceKey } from '../../src/session.ts';
import {
  BrowserPeer,
  eventually,
  framesFlow,
  newConference,
  offered,
  type Pages,
  seesWidth,
  serve,
  startChromium,
  startMedia,
  videoOf,
} from './harness.ts';

const FEW_FRAMES = { more: 5, withinMs: 10_000 };

const mLines = (sdp: string): string[] => sdp.split(/\r\nm=/).slice(1);
const directionOf = (sdp: string, mid: string): string | undefined => {
  const section = mLines(sdp).find(text => text.includes(`a=mid:${mid}\r\n`));
  return section === undefined ? undefined : /a=(sendrecv|sendonly|recvonly|inactive)/.exec(section)?.[1];
};

describe('Chromium', () => {
  let media: Media;
  let pages: Pages;
  let conference: ConferenceKey;
  const open: BrowserPeer[] = [];

  async function participant(name: string, width?: number, height?: number): Promise<BrowserPeer> {
    const peer = await BrowserPeer.open(pages, media, conference, name);
    open.push(peer);
    await peer.join(width, height);
    return peer;
  }

  beforeAll(async () => {
    [media, pages] = await Promise.all([startMedia(), startChromium()]);
  });

  afterAll(async () => {
    await pages.close();
    await media.close();
  });

  beforeEach(() => {
    conference = newConference();
  });

  afterEach(async () => {
    for (const peer of open.splice(0)) await peer.close();
  });

  it('publishes simulcast, receives, and switches layers', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    expect(alice.published.map(({ kind, layers }) => ({ kind, layers }))).toEqual([
      { kind: 'audio', layers: [{ rid: undefined }] },
      { kind: 'video', layers: [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }] },
    ]);
    await bob.receive(alice.tracks());
    const { ref } = videoOf(alice);
    await seesWidth(bob, ref.trackId, 640);
    await serve(bob.peer, ref, 1);
    await seesWidth(bob, ref.trackId, 320);
    await serve(bob.peer, ref, 2);
    await seesWidth(bob, ref.trackId, 640);
    const audio = await eventually('audio', async () => {
      const [inbound] = await bob.page.evaluate(() => window.client.inboundAudio());
      return inbound !== undefined && inbound.energy > 0 && inbound;
    });
    expect(audio.packets).toBeGreaterThan(0);
    expect(alice.log).toMatchObject({ path: ['heard'], failed: [] });
    // What the rules decide on: how much of each layer arrives, what the viewer's link carries, who speaks.
    await eventually(
      () => 'measurements: ' + JSON.stringify([...alice.log.bitrates]),
      () => {
        // Of so small a picture Chromium leaves the lowest layer out.
        const [, middle = 0, high = 0] = alice.log.bitrates.get(ref.trackId) ?? [];
        return middle > 10_000 && high > middle;
      },
    );
    expect(bob.log.estimates.at(-1)).toBeGreaterThan(300_000);
    expect(bob.log.shown).toContain(1);
    expect(bob.log.shown.at(-1)).toBe(2);
    await eventually('the speaker', () => alice.log.dominant.length > 0 || bob.log.dominant.length > 0);
  });

  it('binds tracks by the ids of their msid', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    await bob.receive(alice.tracks());
    const bound = await bob.page.evaluate(() => window.client.tracks());
    expect(bound).toMatchObject(alice.published.map(({ ref }) => ref));
  });

  it('carries control messages both ways, the largest included', async () => {
    const alice = await participant('alice');
    await eventually('open channel', () => alice.log.controlOpen === 1);
    await alice.page.evaluate(() => window.client.say('ä'.repeat(100_000)));
    await eventually('message of the page', () => alice.log.control.includes('ä'.repeat(100_000)));
    const large = 'x'.repeat(262_144);
    for (let count = 0; count < 4; count += 1) expect(alice.peer.sendControl(large)).toBe(true);
    expect(alice.peer.sendControl('last')).toBe(true);
    expect(alice.peer.sendControl(`${large}x`)).toBe(false);
    const { received } = await eventually('messages of the focus', async () => {
      const channel = await alice.page.evaluate(() => window.client.channel());
      return channel.received.includes('last') && channel;
    });
    expect(received.map(({ length }) => length)).toEqual([262_144, 262_144, 262_144, 262_144, 4]);
    expect(alice.log.failed).toEqual([]);
  });

  it('takes the offer of a client whose own is out, and offers again', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    const { sdp: dropped } = await bob.peer.offer(alice.tracks());
    // Bob shares his screen at that moment, and drops the offer of the focus.
    const screen = await bob.page.evaluate(() => window.client.shareScreen());
    const answered = await bob.offer();
    expect(answered.refused).toEqual([]);
    expect(answered.published.map(({ ref }) => ref)).toContainEqual(screen);
    expect(mLines(answered.sdp)).toHaveLength(4);
    await expect(bob.peer.accept(dropped)).rejects.toMatchObject({ code: 'WEIR_UNEXPECTED_MESSAGE' });
    await bob.receive(alice.tracks());
    await seesWidth(bob, videoOf(alice).ref.trackId, 640);
  });

  it('starts and stops a screen share without touching the camera', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    await bob.receive(alice.tracks());
    const camera = videoOf(alice).ref;
    await seesWidth(bob, camera.trackId, 640);
    for (let round = 0; round < 2; round += 1) {
      const screen = await alice.page.evaluate(() => window.client.shareScreen());
      const started = await alice.offer();
      expect(started).toMatchObject({ refused: [], published: [{}, {}, {}] });
      await bob.receive(alice.tracks());
      await seesWidth(bob, screen.trackId, 640);
      await alice.page.evaluate(trackId => window.client.stopScreen(trackId), screen.trackId);
      const stopped = await alice.offer();
      expect(stopped.published).toHaveLength(2);
      expect(directionOf(stopped.sdp, '1')).toBe('recvonly');
      const { offer } = await bob.receive(alice.tracks());
      expect(directionOf(offer, 's2')).toBe('inactive');
      await framesFlow(bob, camera.trackId, FEW_FRAMES);
      // The second share takes the section that the first one left.
      expect(mLines(offer)).toHaveLength(6);
    }
  });

  it('answers a viewer whose section has ended with inactive, never with recvonly', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    const screen = await alice.page.evaluate(() => window.client.shareScreen());
    await alice.offer();
    await bob.receive(alice.tracks());
    await seesWidth(bob, screen.trackId, 640);
    await alice.page.evaluate(trackId => window.client.stopScreen(trackId), screen.trackId);
    await alice.offer();
    // Before the focus offers: bob's own offer still has the section as recvonly.
    await bob.page.evaluate(() => window.client.shareScreen());
    const answered = await bob.offer();
    expect(['s0', 's1', 's2'].map(mid => directionOf(answered.sdp, mid))).toEqual(['sendonly', 'sendonly', 'inactive']);
    await framesFlow(bob, videoOf(alice).ref.trackId, FEW_FRAMES);
  });

  it('restarts ICE', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    await bob.receive(alice.tracks());
    await alice.receive(bob.tracks());
    await seesWidth(bob, videoOf(alice).ref.trackId, 640);
    const ufrags = (sdp: string): string[] => [
      ...new Set([...sdp.matchAll(/a=ice-ufrag:(\S+)/g)].map(match => match[1] ?? '')),
    ];
    const before = ufrags((await bob.offer()).sdp);
    const after = ufrags((await bob.offer(true)).sdp);
    expect([before.length, after.length]).toEqual([1, 1]);
    expect(after).not.toEqual(before);
    await framesFlow(bob, videoOf(alice).ref.trackId, FEW_FRAMES);
    await framesFlow(alice, videoOf(bob).ref.trackId, FEW_FRAMES);
    expect(bob.log).toMatchObject({ failed: [] });
  });

  it('does not let descriptions grow under churn', async () => {
    const bob = await participant('bob');
    let offer = '';
    for (let round = 0; round < 3; round += 1) {
      const alice = await participant(`alice${round}`);
      await bob.receive(alice.tracks());
      await seesWidth(bob, videoOf(alice).ref.trackId, 640);
      await alice.close();
      ({ offer } = await bob.receive([]));
    }
    expect(mLines(offer)).toHaveLength(5);
  });

  it('pauses and resumes, and skips tracks that are gone', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    const gone = offered({ streamId: 'gone', trackId: 'gone' }, alice.session, 2);
    const { offer } = await bob.receive([...alice.tracks().map(track => ({ ...track, paused: true })), gone]);
    expect(mLines(offer)).toHaveLength(5);
    await sleep(500);
    expect(await bob.page.evaluate(() => window.client.inboundVideo())).toEqual([]);
    const { ref } = videoOf(alice);
    await serve(bob.peer, ref, 2);
    await seesWidth(bob, ref.trackId, 640);
    await serve(bob.peer, ref, 2, true);
    const frames = async (): Promise<number> =>
      (await bob.page.evaluate(() => window.client.inboundVideo()))[0]?.framesDecoded ?? 0;
    await eventually('stillness', async () => {
      const before = await frames();
      await sleep(500);
      return (await frames()) === before;
    });
    await serve(bob.peer, ref, 2);
    await framesFlow(bob, ref.trackId, FEW_FRAMES);
  });

  it('reports a peer that fell silent', async () => {
    const { page, log } = await participant('alice');
    await eventually('heard', () => log.path.includes('heard'));
    await page.goto('about:blank');
    await eventually('silent', () => log.path.join() === 'heard,silent', 15_000);
    expect(log.failed).toEqual([]);
  });
});
