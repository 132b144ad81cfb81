/**
 * A call of two Firefox windows, run as a process of its own inside a network namespace. Argument: the address that the focus
 * listens on. Prints each step as it is proven; anything else ends it with an error.
 */
import assert from 'node:assert/strict';
import {
  BrowserPeer,
  eventually,
  framesFlow,
  newConference,
  seesWidth,
  serve,
  startFirefox,
  startMedia,
  videoOf,
} from './harness.ts';

const [, , address = ''] = process.argv;
const proven = (step: string): void => {
  process.stdout.write(`${step}\n`);
};

const media = await startMedia({ listen: [{ ip: address }] });
const pages = await startFirefox();
try {
  const conference = newConference();
  const alice = await BrowserPeer.open(pages, media, conference, 'alice');
  const bob = await BrowserPeer.open(pages, media, conference, 'bob');
  const answered = await alice.join(640, 480);
  assert.deepEqual(answered.refused, []);
  assert.deepEqual(
    answered.published.map(({ kind, layers }) => [kind, layers.length]),
    [
      ['audio', 1],
      ['video', 3],
    ],
  );
  await bob.join(640, 480);
  await eventually('control channels', () => alice.log.controlOpen === 1 && bob.log.controlOpen === 1);
  await bob.page.evaluate(() => window.client.say('from Firefox'));
  await eventually('message of the page', () => bob.log.control.includes('from Firefox'));
  assert.equal(bob.peer.sendControl('from the focus'), true);
  await eventually('message of the focus', async () =>
    (await bob.page.evaluate(() => window.client.channel())).received.includes('from the focus'),
  );
  proven('control');

  const camera = videoOf(alice).ref;
  await bob.receive(alice.tracks());
  await alice.receive(bob.tracks());
  await seesWidth(bob, camera.trackId, 640, 60_000);
  await eventually('audio', async () => {
    const [audio] = await bob.page.evaluate(() => window.client.inboundAudio());
    return audio !== undefined && audio.energy > 0;
  });
  proven('publish and receive');

  await serve(bob.peer, camera, 0);
  await seesWidth(bob, camera.trackId, 160);
  await serve(bob.peer, camera, 1);
  await seesWidth(bob, camera.trackId, 320);
  proven('layers');

  for (let round = 0; round < 2; round += 1) {
    const screen = await alice.page.evaluate(() => window.client.shareScreen());
    const started = await alice.offer();
    assert.deepEqual([started.refused, started.published.length], [[], 3]);
    // Firefox announces a sender's id of its own, not the track's.
    const announced = started.published.find(({ ref }) => ref.streamId === screen.streamId)?.ref.trackId;
    await bob.receive(alice.tracks(0));
    await eventually(
      'screen',
      async () => {
        const inbound = await bob.page.evaluate(() => window.client.inboundVideo());
        return inbound.some(video => video.trackId === announced && video.framesDecoded > 0);
      },
      60_000,
    );
    await alice.page.evaluate(trackId => window.client.stopScreen(trackId), screen.trackId);
    assert.equal((await alice.offer()).published.length, 2);
    const { offer } = await bob.receive(alice.tracks(0));
    assert.equal(offer.split('\r\nm=').length, 7);
  }
  proven('screen share');

  await bob.page.evaluate(() => window.client.shareScreen());
  const { sdp: dropped } = await bob.peer.offer([]);
  const taken = await bob.offer();
  assert.equal(taken.published.length, 3);
  await assert.rejects(bob.peer.accept(dropped), { code: 'WEIR_UNEXPECTED_MESSAGE' });
  await bob.receive(alice.tracks(0));
  proven('glare');

  const before = /a=ice-ufrag:(\S+)/.exec(taken.sdp)?.[1];
  const restarted = await bob.offer(true);
  assert.notEqual(/a=ice-ufrag:(\S+)/.exec(restarted.sdp)?.[1], before);
  await framesFlow(bob, camera.trackId, { more: 10, withinMs: 20_000 });
  assert.deepEqual([alice.log.failed, bob.log.failed], [[], []]);
  proven('ICE restart');
} finally {
  await pages.close();
  await media.close();
}
process.exit(0);
