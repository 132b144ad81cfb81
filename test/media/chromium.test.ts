import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Media } from '../../src/ports.ts';
import { BrowserPeer, eventually, newConference, type Pages, seesWidth, startChromium, startMedia } from './harness.ts';

describe('Chromium', () => {
  let media: Media;
  let pages: Pages;

  beforeAll(async () => {
    [media, pages] = await Promise.all([startMedia(), startChromium()]);
  });

  afterAll(async () => {
    await pages.close();
    await media.close();
  });

  it('publishes simulcast, receives, switches layers and talks on the control channel', async () => {
    const conference = newConference();
    const alice = await BrowserPeer.open(pages, media, conference, 'alice');
    const bob = await BrowserPeer.open(pages, media, conference, 'bob');
    const answered = await alice.join();
    expect(answered.refused).toEqual([]);
    expect(answered.published.map(({ kind, layers }) => ({ kind, layers }))).toEqual([
      { kind: 'audio', layers: 1 },
      { kind: 'video', layers: 3 },
    ]);
    await bob.join();
    await eventually('control channel', () => alice.log.controlOpen === 1 && bob.log.controlOpen === 1);
    await alice.page.evaluate(() => window.client.say('hello focus'));
    await eventually('message of the page', () => alice.log.control.includes('hello focus'));
    expect(alice.peer.sendControl('hello page')).toBe(true);
    await eventually('message of the focus', async () =>
      (await alice.page.evaluate(() => window.client.channel())).received.includes('hello page'),
    );
    const video = alice.published.find(({ kind }) => kind === 'video');
    await bob.receive(alice.tracks());
    await seesWidth(bob, video?.ref.trackId ?? '', 640);
    expect(alice.log.path).toEqual(['heard']);
    await bob.peer.adjust(video!.ref, 0, false);
    await seesWidth(bob, video?.ref.trackId ?? '', 160);
    await alice.close();
    await bob.close();
  });
});
