/** Walkie-talkie and broadcast, on the call page: who may be heard and seen follows the room. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CallRoom, sendState } from '../../demo/call-room.ts';
import { demoLink } from '../../demo/site.ts';
import { matrixRequest } from '../../demo/matrix-api.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import type { TrackIds } from '../../loadtest/peers/endpoint.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { type CallPage, CallPages } from '../../demo/check/call-pages.ts';
import { eventually, Stage, WAIT_MS } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');
/** What was on its way when the floor passed has come by then. */
const IN_FLIGHT_MS = 300;
const LISTENS_MS = 800;

let stage: Stage;
let browser: CallPages;
beforeAll(async () => {
  if (!existsSync(PAGE_DIR)) throw new Error(`no call page in ${PAGE_DIR}: npm run build:page`);
  [stage, browser] = await Promise.all([Stage.start({ pageDir: PAGE_DIR }), CallPages.open()]);
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await stage.end();
});

function join(user: MatrixUser, room: CallRoom): Promise<CallPage> {
  const { synapse, focus } = stage;
  const link = demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user });
  return browser.join(`${link}&video=320x180x8`);
}

function untilSays(page: CallPage, selector: string, words: string): Promise<void> {
  return eventually(`${selector} says "${words}"`, async () => (await page.text(selector))?.includes(words) === true);
}

/** The voice of a user, as a peer is told of it. */
function voiceOf(peer: LightPeer, { userId }: MatrixUser): TrackIds | undefined {
  for (const [streamId, stream] of Object.entries(peer.metadata)) {
    const voice = Object.entries(stream.tracks ?? {}).find(([, { kind }]) => kind === 'audio');
    if (stream.user_id === userId && voice !== undefined) return { streamId, trackId: voice[0] };
  }
  return undefined;
}

/** Which of the voices a peer receives in a while. */
async function heardBy(peer: LightPeer, voices: Record<string, TrackIds>): Promise<string[]> {
  await delay(IN_FLIGHT_MS);
  peer.resetCounts();
  await delay(LISTENS_MS);
  return Object.entries(voices).flatMap(([name, voice]) => (peer.received(voice) > 0 ? name : []));
}

test('in a walkie-talkie the space bar passes the floor, and one is heard at a time', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const [ann, ben, cy] = users;
  const room = await scene.callRoom(users, { permissions: { floor: { audio: true } } });
  const listener = await scene.peer(cy, room, { viewsOnly: true, subscribe: 'nothing' }).join();
  const [atAnn, atBen] = await Promise.all([join(ann, room), join(ben, room)]);
  try {
    const voice = async (user: MatrixUser): Promise<TrackIds> => {
      await until('the listener is told', WAIT_MS, () => voiceOf(listener, user) !== undefined);
      return voiceOf(listener, user) ?? { streamId: '', trackId: '' };
    };
    const voices = { ann: await voice(ann), ben: await voice(ben) };
    await until('it can ask', WAIT_MS, () => listener.hasControl());
    listener.subscribe(Object.values(voices));
    await Promise.all([atAnn, atBen].map(page => untilSays(page, '.talk-words', 'Nobody speaks')));
    expect(await heardBy(listener, voices)).toEqual([]);

    await atAnn.hold('Space');
    await untilSays(atAnn, '#talk', 'Speak now');
    await atBen.hold('Space');
    await untilSays(atBen, '.talk-words', 'speaks. You are next');
    expect(await heardBy(listener, voices)).toEqual(['ann']);

    await atAnn.letGo('Space');
    await untilSays(atBen, '#talk', 'Speak now');
    expect(await heardBy(listener, voices)).toEqual(['ben']);
    expect(await atAnn.text('#talk')).toContain('Hold to talk');

    await atBen.letGo('Space');
    await Promise.all([atAnn, atBen].map(page => untilSays(page, '.talk-words', 'Nobody speaks')));
    expect(await heardBy(listener, voices)).toEqual([]);
  } finally {
    await Promise.all([atAnn.close(), atBen.close()]);
  }
});

test('in a broadcast viewers see the publisher and publish nothing, until they are raised', async () => {
  await using scene = stage.scene();
  const { host } = stage;
  const users = await scene.users(2);
  const [vera, stubborn] = users;
  const permissions = { publish: { audio: 50, video: 50, screen: 50, data: 50 } };
  const room = await scene.callRoom(users, { permissions });
  const [atHost, atVera] = await Promise.all([join(host, room), join(vera, room)]);
  try {
    // A client that knows nothing of such rules.
    const peer = await scene.peer(stubborn, room, { subscribe: 'nothing' }).join();
    const seenBy = async (page: CallPage): Promise<string[]> => {
      const { received } = await page.read();
      return received.flatMap(({ userId, frames }) => (frames > 5 ? userId : []));
    };
    await eventually('the viewer sees the publisher', async () => (await seenBy(atVera)).includes(host.userId));
    await untilSays(atVera, '#rules', 'You are watching');
    for (const button of ['#microphone', '#camera', '#screen', '#talk'])
      expect(await atVera.text(button)).toBeUndefined();
    expect(await atHost.text('#rules')).toBeUndefined();
    await until('the stubborn one is told', WAIT_MS, () => peer.seen.errors.length >= 2);
    expect(new Set(peer.seen.errors.map(({ code }) => code))).toEqual(new Set(['WEIR_MAY_NOT_PUBLISH']));
    expect((await atHost.read()).received, 'nobody is told of viewers').toEqual([]);
    expect((await atVera.read()).received.map(({ userId }) => userId)).toEqual([host.userId]);

    await raise(room, vera, 50);
    await eventually('the viewer may', async () => (await atVera.text('#camera')) !== undefined);
    await atVera.click('#camera');
    await eventually('the publisher sees her', async () => (await seenBy(atHost)).includes(vera.userId));
    expect(await atVera.text('#rules')).toBeUndefined();
  } finally {
    await Promise.all([atHost.close(), atVera.close()]);
  }
});

async function raise({ roomId }: CallRoom, { userId }: MatrixUser, level: number): Promise<void> {
  const { synapse, host } = stage;
  const type = 'm.room.power_levels';
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/${type}/`;
  const levels = await matrixRequest(synapse.baseUrl, { method: 'GET', path, accessToken: host.accessToken });
  const content = levels as { users?: Record<string, number> };
  const event = { type, stateKey: '', content: { ...content, users: { ...content.users, [userId]: level } } };
  await sendState(synapse.baseUrl, host, roomId, event);
}
