/** Garbage from a client: it is answered where it can be, and every call goes on. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CallRoom } from '../../demo/call-room.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { MAX_CONTROL_MESSAGE_BYTES, MAX_SUBSCRIPTIONS } from '../../signalling/wire/control.ts';
import { type FocusToDevice, parseFocusToDevice } from '../../signalling/wire/to-device.ts';
import { hangupEvent, inviteEvent } from '../../loadtest/peers/client-messages.ts';
import { HomeserverLink } from '../../loadtest/peers/homeserver-link.ts';
import type { ReceivedToDevice } from '../../loadtest/peers/signalling-link.ts';
import type { TrackIds } from '../../loadtest/peers/endpoint.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { report, type Scene, Stage, WAIT_MS, whole, wholeAgain } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.end());

const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=sendrecv',
  'a=msid:stream track',
  'a=rtpmap:111 opus/48000/2',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  'a=setup:actpass',
  'a=rtcp-mux',
  '',
].join('\r\n');

/** Offers with which nobody can make a call, and some that nobody can even read. */
const GARBAGE_OFFERS: Record<string, string> = {
  'no description': 'garbage',
  'an empty one but for the version': 'v=0\r\n',
  'no media': 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n',
  'no ICE credentials': OFFER.replace(/a=ice-.*\r\n/g, ''),
  'no fingerprint': OFFER.replace(/a=fingerprint.*\r\n/, ''),
  'a fingerprint of nothing': OFFER.replace(/a=fingerprint.*\r\n/, 'a=fingerprint:sha-256 xyz\r\n'),
  'a fingerprint of an unknown hash': OFFER.replace('sha-256', 'rot-13'),
  'no mid': OFFER.replace('a=mid:0\r\n', ''),
  'two sections of one mid': OFFER + OFFER.slice(OFFER.indexOf('m=audio')),
  'three thousand sections': OFFER.slice(0, OFFER.indexOf('m=audio')) + 'm=audio 9 RTP 1\r\n'.repeat(3_000),
  'one line of 50,000 characters': OFFER.replace('a=mid:0', `a=mid:${'0'.repeat(50_000)}`),
  'numbers beyond all bounds': OFFER.replaceAll('111', '99999999999999999999'),
  'no text but control characters': '\u0000\u0001\u0007'.repeat(200),
};

/** A device that says what it likes to the focus, and keeps what it is answered. */
class Prankster {
  readonly user: MatrixUser;
  readonly answers: ReceivedToDevice[] = [];
  readonly #link: HomeserverLink;

  constructor(user: MatrixUser) {
    this.user = user;
    this.#link = new HomeserverLink(stage.synapse.baseUrl, user);
  }

  async open(): Promise<void> {
    await this.#link.open({ toDevice: event => this.answers.push(event) });
  }

  tell(type: string, content: unknown): Promise<void> {
    const { userId, deviceId } = stage.focus.user;
    return this.#link.sendToDevice(userId, deviceId, type, content);
  }

  hangups(): Extract<FocusToDevice, { kind: 'hangup' }>[] {
    return this.answers.flatMap(event => {
      const parsed = parseFocusToDevice(event.type, event.content);
      return parsed?.kind === 'ok' && parsed.value.kind === 'hangup' ? [parsed.value] : [];
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

function inviteOf(user: MatrixUser, room: CallRoom, sdp: string): Record<string, unknown> {
  const call = {
    userId: user.userId,
    deviceId: user.deviceId,
    sessionId: randomBytes(5).toString('hex'),
    callId: randomBytes(8).toString('hex'),
    confId: room.confId,
    focus: stage.focus.user,
  };
  return inviteEvent(call, sdp, {}).content;
}

/** Two in a call, and a third member of the room who is up to no good. */
async function setting(
  scene: Scene,
): Promise<{ room: CallRoom; peers: readonly [LightPeer, LightPeer]; mallory: Prankster }> {
  const [alice, bob, third] = await scene.users(3);
  const room = await scene.callRoom([alice, bob, third]);
  const peers = await scene.call(room, [alice, bob]);
  const mallory = new Prankster(third);
  await mallory.open();
  return { room, peers, mallory };
}

test('invites with garbage are answered with a hangup, and calls go on and begin', async () => {
  await using scene = stage.scene();
  const { room, peers, mallory } = await setting(scene);
  try {
    for (const [what, sdp] of Object.entries(GARBAGE_OFFERS)) {
      const content = inviteOf(mallory.user, room, sdp);
      await mallory.tell('m.call.invite', content);
      const answers = () => mallory.hangups().filter(hangup => hangup.callId === content['call_id']);
      await until(`an answer to ${what}`, WAIT_MS, () => answers().length > 0);
      expect(
        answers().map(hangup => hangup.error?.code),
        what,
      ).toEqual(['WEIR_BAD_SDP']);
    }
    await wholeAgain(peers);
  } finally {
    await mallory.close();
  }
  const users = await scene.users(2);
  await scene.call(await scene.callRoom(users), users);
});

test('events of wrong types and shapes harm nobody; the address alone is enough for an answer', async () => {
  await using scene = stage.scene();
  const { room, peers, mallory } = await setting(scene);
  try {
    const whole = inviteOf(mallory.user, room, OFFER);
    const events: [type: string, content: unknown][] = [
      ['m.call.invite', {}],
      ['m.call.invite', { ...whole, offer: [] }],
      ['m.call.invite', { ...whole, call_id: {}, offer: null }],
      ['m.call.invite', { ...whole, call_id: 'x'.repeat(10_000) }],
      ['m.call.invite', { ...whole, lifetime: 'for ever' }],
      ['m.call.invite', { ...whole, 'org.matrix.msc3077.sdp_stream_metadata': { __proto__: null, constructor: 7 } }],
      ['m.call.answer', { ...whole, answer: { type: 'answer', sdp: 'x' } }],
      ['m.call.negotiate', { ...whole, description: { type: 'offer', sdp: 'x' } }],
      ['m.call.candidates', { ...whole, candidates: 'none' }],
      ['m.call.select_answer', { selected_party_id: 7 }],
      ['m.call.hangup', { ...whole, reason: 7 }],
      ['m.call.dance', whole],
      ['m.room.encrypted', { ciphertext: 'x' }],
    ];
    for (const [type, content] of events) await mallory.tell(type, content);
    await until('the broken invite is answered', WAIT_MS, () =>
      mallory.hangups().some(hangup => hangup.error?.code === 'WEIR_BAD_MESSAGE'),
    );
    await wholeAgain(peers);
  } finally {
    await mallory.close();
  }
});

test('a stranger cannot end, answer or offer in the call of another', async () => {
  await using scene = stage.scene();
  const { peers, mallory } = await setting(scene);
  const [victim] = peers;
  try {
    // Everything in it is the victim's; only the sender is not.
    const { type, content } = hangupEvent(victim.call);
    await mallory.tell(type, content);
    await mallory.tell('m.call.negotiate', { ...content, description: { type: 'offer', sdp: OFFER } });
    await delay(1_000);
    await wholeAgain(peers);
    expect(victim.hangup).toBeUndefined();
  } finally {
    await mallory.close();
  }
});

test('garbage on the control channel is answered, and the sender stays in the call', async () => {
  await using scene = stage.scene();
  const { peers, mallory } = await setting(scene);
  await mallory.close();
  const [noisy] = peers;
  const garbage = [
    '{',
    'null',
    '[]',
    '{"type":7,"content":{}}',
    '{"type":"m.call.dance","content":{}}',
    '{"type":"m.call.negotiate","content":{"description":{"type":"offer","sdp":"garbage"}}}',
    '{"type":"m.call.negotiate","content":{"description":{"type":"answer","sdp":"garbage"}}}',
    '{"type":"m.call.track_subscription","content":{"subscribe":[{}]}}',
    '{"type":"m.call.sdp_stream_metadata_changed","content":{"sdp_stream_metadata":{"__proto__":{"purpose":"m.usermedia"}}}}',
    `{"type":"m.call.sdp_stream_metadata_changed","content":{"sdp_stream_metadata":{"s":{"purpose":"p","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}}}`,
    `{"type":"m.call.ping","content":{"x":"${'x'.repeat(200_000)}"}}`,
  ];
  for (const text of garbage) expect(noisy.sayOnControl(text)).toBe(true);
  const codes = () => new Set(noisy.seen.errors.map(error => error.code));
  const expected = ['WEIR_BAD_MESSAGE', 'WEIR_BAD_SDP', 'WEIR_UNEXPECTED_MESSAGE'];
  await until('all of it is answered', WAIT_MS, () => expected.every(code => codes().has(code)) || [...codes()].join());
  expect(noisy.hangup).toBeUndefined();
  await wholeAgain(peers);
});

test("nobody takes another's streams, name or device", async () => {
  await using scene = stage.scene();
  const { peers, mallory } = await setting(scene);
  await mallory.close();
  const [impostor, victim] = peers;
  const own = { user_id: victim.call.userId, device_id: victim.call.deviceId, purpose: 'm.usermedia' };
  const metadata = { [victim.streamId]: own, [impostor.streamId]: { ...own, tracks: {} } };
  impostor.sayOnControl(
    JSON.stringify({ type: 'm.call.sdp_stream_metadata_changed', content: { sdp_stream_metadata: metadata } }),
  );
  await until('it is refused', WAIT_MS, () => impostor.seen.errors.some(error => error.code === 'WEIR_TRACK_TAKEN'));
  await until('its own stream is told on', WAIT_MS, () => victim.metadata[impostor.streamId]?.tracks !== undefined);
  expect(victim.metadata[impostor.streamId]?.user_id).toBe(impostor.call.userId);
  expect(victim.metadata[impostor.streamId]?.device_id).toBe(impostor.call.deviceId);
  expect(impostor.metadata[victim.streamId]?.user_id).toBe(victim.call.userId);
});

function wants(tracks: readonly object[]): string {
  return JSON.stringify({ type: 'm.call.track_subscription', content: { subscribe: tracks } });
}

function wired({ streamId, trackId }: TrackIds): { stream_id: string; track_id: string } {
  return { stream_id: streamId, track_id: trackId };
}

/** Two in a call, of whom the first says what it likes, and two in another one, who should not notice. */
async function twoCalls(scene: Scene) {
  const [noisyUser, otherUser, ...bystanders] = await scene.users(4);
  const users = [noisyUser, otherUser] as const;
  const [room, elsewhere] = await Promise.all([scene.callRoom(users), scene.callRoom(bystanders)]);
  const [noisy, other] = await scene.call(room, users);
  const undisturbed = await scene.call(elsewhere, bystanders);
  return { noisy, other, undisturbed };
}

/** Longest time without a packet at one of the peers, in ms, until the work is done. */
async function longestGap(peers: readonly LightPeer[], work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  const looking = setInterval(() => {
    for (const peer of peers) longest = Math.max(longest, performance.now() - peer.lastPacketAt);
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(looking);
  }
  return longest;
}

function codesSeen(peer: LightPeer): (string | undefined)[] {
  return [...new Set(peer.seen.errors.map(error => error.code))];
}

/** A pause that nobody takes for the network's: what flows has come in it many times over. */
const LULL_MS = 2_000;

test('wants of no size and of any size are served as far as they mean something', async () => {
  await using scene = stage.scene();
  const { noisy, other, undisturbed } = await twoCalls(scene);
  const [voice, camera] = other.tracks();
  if (voice === undefined || camera === undefined) throw new Error('a peer publishes a microphone and a camera');
  noisy.subscribeTo('nothing');

  noisy.sayOnControl(wants([{ ...wired(camera), width: 0, height: 0 }]));
  await delay(LULL_MS);
  noisy.resetCounts();
  await delay(LULL_MS);
  expect(noisy.received(camera), 'a hidden camera').toBe(0);
  expect(noisy.received(voice), 'its voice').toBeGreaterThan(0);

  noisy.sayOnControl(wants([{ ...wired(camera), width: 1e9, height: 1e9 }]));
  await until('a camera beyond all screens', WAIT_MS, () => noisy.received(camera) > 0);

  expect(noisy.seen.errors).toEqual([]);
  for (const width of ['-1', '1000000001', '1e999', 'null', '"640"', '{}'])
    noisy.sayOnControl(wants([{ ...wired(camera), width: 7, height: 360 }]).replace('"width":7', `"width":${width}`));
  await until('the others are refused', WAIT_MS, () => noisy.seen.errors.length === 6);
  expect(codesSeen(noisy)).toEqual(['WEIR_BAD_MESSAGE']);
  await wholeAgain([noisy, other]);
  await whole(undisturbed);
});

test('100,000 subscriptions change nothing for anybody', async () => {
  await using scene = stage.scene();
  const { noisy, other, undisturbed } = await twoCalls(scene);
  const known = other.tracks().map(wired);
  const unknown = { stream_id: 'nobody', track_id: 'nothing' };
  noisy.sayOnControl(wants(Array.from({ length: MAX_SUBSCRIPTIONS + 1 }, () => unknown)));
  await until('too many at once are refused', WAIT_MS, () => codesSeen(noisy).includes('WEIR_BAD_MESSAGE'));
  const texts = [
    wants(Array.from({ length: MAX_SUBSCRIPTIONS }, (_, index) => known[index % known.length] ?? unknown)),
    wants(Array.from({ length: MAX_SUBSCRIPTIONS }, (_, index) => ({ ...unknown, track_id: `nothing ${index}` }))),
  ];
  for (const text of texts) expect(text.length).toBeLessThanOrEqual(MAX_CONTROL_MESSAGE_BYTES);
  const count = Math.ceil(100_000 / MAX_SUBSCRIPTIONS);
  const gap = await longestGap(undisturbed, async () => {
    for (let sent = 0; sent < count; sent += 1) {
      noisy.sayOnControl(texts[sent % texts.length] ?? '');
      await delay(20);
    }
    const unknownOnes = () => noisy.seen.errors.filter(error => error.code === 'WEIR_UNKNOWN_TRACK').length;
    await until(
      'all are answered',
      WAIT_MS,
      () => unknownOnes() === Math.floor(count / 2) || `${unknownOnes()} of them`,
    );
  });
  report('100,000 subscriptions', { 'longest gap in another call, ms': gap });
  expect(gap).toBeLessThan(LULL_MS);
  expect(noisy.hangup).toBeUndefined();
  await wholeAgain([noisy, other]);
  await wholeAgain(undisturbed);
});

test('who says too much is told, and goes on; who does not stop is hung up; another call goes on', async () => {
  await using scene = stage.scene();
  const { noisy, other, undisturbed } = await twoCalls(scene);
  const ping = '{"type":"m.call.ping","content":{}}';
  const gap = await longestGap(undisturbed, async () => {
    for (let sent = 0; sent < 2_000; sent += 1) noisy.sayOnControl(ping);
    await until('it is told', WAIT_MS, () => codesSeen(noisy).includes('WEIR_TOO_MANY_MESSAGES'));
    await wholeAgain([noisy, other]);
    // By now it may say something again, and is heard.
    await delay(LULL_MS);
    noisy.sayOnControl(wants([{ stream_id: 'nobody', track_id: 'nothing' }]));
    await until('it is heard again', WAIT_MS, () => codesSeen(noisy).includes('WEIR_UNKNOWN_TRACK'));
    expect(noisy.hangup).toBeUndefined();

    for (let sent = 0; sent < 10_000 && noisy.hangup === undefined; sent += 1) {
      noisy.sayOnControl(ping);
      if (sent % 500 === 0) await delay(10);
    }
    await until('it is hung up', WAIT_MS, () => noisy.hangup !== undefined);
  });
  report('a flood', { 'longest gap in another call, ms': gap });
  expect(noisy.hangup?.code).toBe('WEIR_OVERLOADED');
  expect(gap).toBeLessThan(LULL_MS);
  expect(other.hangup).toBeUndefined();
  await until('the other is told', WAIT_MS, () => !other.sees(noisy));
  await wholeAgain(undisturbed);
});
