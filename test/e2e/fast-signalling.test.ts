/** Calls over WebSockets, on the call page: they start and go on while the homeserver answers nobody. */
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Chromium } from '../../demo/check/chromium.ts';
import { Participant } from '../../demo/check/participant.ts';
import { demoLink } from '../../demo/site.ts';
import type { CallRoom } from '../../demo/call-room.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { eventually, Stage } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

const owned = new AsyncDisposableStack();
let stage: Stage;
let chromium: Chromium;

beforeAll(async () => {
  stage = owned.adopt(await Stage.start({ pageDir: PAGE_DIR }), started => started.end());
  chromium = owned.use(await Chromium.start(new AbortController().signal));
});
afterAll(() => owned.disposeAsync());

function openPage(user: MatrixUser, room: CallRoom): Promise<Participant> {
  const { focus, synapse } = stage;
  const link = demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user });
  return Participant.open(chromium, user, link);
}

/** `open`, `cut` or `none`. */
function lineOf({ page }: Participant): Promise<string> {
  return page.evaluate(() => String((Reflect.get(globalThis, 'weir') as { signalling(): string }).signalling()));
}

async function seesMore(viewer: Participant): Promise<void> {
  const frames = async (): Promise<number> =>
    (await viewer.snapshot()).video.reduce((sum, { framesDecoded }) => sum + framesDecoded, 0);
  const before = await frames();
  await eventually(`${viewer.name} sees more pictures`, async () => (await frames()) > before + 10);
}

test('a call begins, changes and loses its line while the homeserver answers nobody', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob]);
  const first = await openPage(alice, room);
  await first.join();
  const second = await openPage(bob, room);
  for (const page of [first, second]) await eventually('the line is open', async () => (await lineOf(page)) === 'open');

  stage.synapse.pause();
  try {
    await second.join();
    await seesMore(second);
    await seesMore(first);
    expect(await second.wayOfInvite()).toBe('ws');

    const [video] = (await second.snapshot()).video;
    if (video === undefined) throw new Error('no video');
    await second.wantSize(video.streamId, video.trackId, { width: 320, height: 180 });
    await eventually('the small picture', async () => (await second.snapshot()).video[0]?.width === 320);

    await second.cutSignalling();
    await eventually('the line is open again', async () => (await lineOf(second)) === 'open');
    await second.wantSize(video.streamId, video.trackId, { width: 640, height: 360 });
    await eventually('the full picture', async () => (await second.snapshot()).video[0]?.width === 640);
    await seesMore(first);
    expect([(await first.snapshot()).constructed, (await second.snapshot()).constructed]).toEqual([1, 1]);
  } finally {
    stage.synapse.resume();
  }
  for (const page of [first, second]) {
    expect(await page.condition()).toBe('connected');
    await page.close();
  }
});

interface Frame {
  type: string;
  content: Record<string, unknown>;
}

/** What the focus says to who says hello with this user's token, naming a session. */
async function greet(user: MatrixUser, room: CallRoom, resume: object): Promise<Frame[]> {
  const { baseUrl } = stage.focus;
  const asked = await fetch(
    `${stage.synapse.baseUrl}/_matrix/client/v3/user/${encodeURIComponent(user.userId)}/openid/request_token`,
    { method: 'POST', body: '{}', headers: { authorization: `Bearer ${user.accessToken}` } },
  );
  const body = {
    room_id: room.roomId,
    conf_id: room.confId,
    device_id: user.deviceId,
    openid_token: (await asked.json()) as object,
  };
  const answer = await fetch(`${baseUrl}/v1/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { token } = (await answer.json()) as { token: string };
  const socket = new WebSocket(`${baseUrl.replace(/^http/, 'ws')}/v1/signal`, 'weir.v1');
  const frames: Frame[] = [];
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as Frame));
  socket.on('open', () => socket.send(JSON.stringify({ type: 'org.weir.hello', content: { token, resume } })));
  await eventually('an answer', () => Promise.resolve(frames.length >= 1));
  socket.close();
  return frames;
}

test('nobody takes up the session of another device', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob]);
  const [peer, other] = await scene.call(room, [alice, bob]);
  const session = { call_id: peer.call.callId, sender_session_id: peer.call.sessionId };
  const [toBob] = await greet(bob, room, session);
  expect(toBob).toMatchObject({ type: 'org.weir.welcome', content: { resumed: false } });
  const [toAlice] = await greet(alice, room, session);
  expect(toAlice).toMatchObject({ type: 'org.weir.welcome', content: { resumed: true } });
  // The line that took it up is gone again, and the call goes on by data channel.
  await eventually('both are whole', () => Promise.resolve(peer.sees(other) && other.sees(peer)));
});
