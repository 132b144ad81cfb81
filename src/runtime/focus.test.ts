import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WeirError } from '../../signalling/wire/errors.ts';
import { bad, ok } from '../../signalling/wire/parse.ts';
import type { ClientToDevice, Envelope } from '../../signalling/wire/to-device.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../conference/state.ts';
import {
  FakeMedia,
  FakeMeters,
  FakeProcess,
  FakeRooms,
  FakeSignals,
  FakeStore,
  OVERLOAD,
  silentLog,
} from '../testing/fake-world.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { keyOfSession } from '../session.ts';
import { Focus } from './focus.ts';

const ROOM = '!room:example.org';
const ALICE = '@alice:example.org';
const BOB = '@bob:example.org';

function envelope(sender: string, callId = `call of ${sender}`, sessionId = 's1'): Envelope {
  return { sender, deviceId: 'DEV', sessionId, callId, confId: 'conf' };
}

function invite(from: Envelope, sdp = 'offer'): ClientToDevice {
  return { kind: 'invite', from, sdp, metadata: {}, lifetimeMs: 60_000 };
}

class FocusBench {
  readonly clock = new VirtualClock();
  readonly media = new FakeMedia();
  readonly process = new FakeProcess();
  readonly signals = new FakeSignals();
  readonly store = new FakeStore();
  readonly rooms = new FakeRooms();
  readonly meters = new FakeMeters();
  readonly focus: Focus;

  constructor(
    bounds: Partial<{ conferences: number; invitesPerUserPerMinute: number; waitingInvites: number }> = {},
    requireEncryption = false,
  ) {
    this.focus = new Focus({
      media: this.media,
      process: this.process,
      overload: OVERLOAD,
      signals: this.signals,
      store: this.store,
      clock: this.clock,
      log: silentLog,
      meters: this.meters,
      focus: { userId: '@focus:example.org', deviceId: 'FOCUSDEV' },
      timing: DEFAULT_TIMING,
      limits: DEFAULT_LIMITS,
      rooms: this.rooms,
      bounds: { conferences: 10, invitesPerUserPerMinute: 10, invitePatienceMs: 3_000, waitingInvites: 5, ...bounds },
      requireEncryption,
    });
  }

  take(message: ClientToDevice, lateMs = 0): void {
    this.focus.take({ parsed: ok(message), replyTo: undefined, lateMs });
  }

  /** Joins all the way, and gives the peer. */
  async join(from: Envelope) {
    this.take(invite(from));
    await this.clock.pass(10);
    const peer = this.media.peers.at(-1)?.peer;
    if (peer === undefined) throw new Error('no media was opened');
    peer.events.path('heard');
    peer.events.controlOpen();
    await this.clock.pass(10);
    return peer;
  }
}

let bench: FocusBench;
beforeEach(() => {
  bench = new FocusBench();
  bench.rooms.room(ROOM, 'conf', ALICE, BOB);
});
afterEach(async () => {
  const stopped = bench.focus.stop();
  await bench.clock.pass(10);
  await stopped;
  expect(bench.clock.pending, 'no timer outlives the focus').toBe(0);
});

describe('application data', () => {
  it('goes to those who subscribed, by what the media engine is asked', async () => {
    const [alice, bob] = [await bench.join(envelope(ALICE)), await bench.join(envelope(BOB))];
    bob.events.control(JSON.stringify({ type: 'org.weir.data_subscription', content: { labels: ['a'] } }));
    const channel = { channelId: 1, label: 'a', protocol: '', ordered: true, reliable: true };
    alice.events.data.opened(channel);
    await bench.clock.pass(10);
    alice.events.data.closed(1);
    await bench.clock.pass(10);
    expect(alice.askedOfData).toEqual(['accept 1']);
    expect(bob.askedOfData).toEqual(['expect', 'forward 1', 'stop 1']);
  });

  it('that is dropped or ends is told to its client, and counted', async () => {
    const alice = await bench.join(envelope(ALICE));
    alice.events.data.dropped(new WeirError('WEIR_DATA_LIMIT', 'too fast'));
    await bench.clock.pass(10);
    expect(alice.told.some(text => text.includes('WEIR_DATA_LIMIT'))).toBe(true);
    expect(bench.meters.counts.get('error WEIR_DATA_LIMIT')).toBe(1);
  });
});

describe('media in the clear', () => {
  const METADATA = { stream: { purpose: 'm.usermedia', tracks: { track: { kind: 'video' } } } } as const;
  const told = (peer: { told: readonly string[] }): boolean =>
    peer.told.some(text => text.includes('WEIR_CLEAR_MEDIA'));

  /** Alice publishes a stream, and has her control channel. */
  async function publishes() {
    const from = envelope(ALICE);
    const ref = { streamId: 'stream', trackId: 'track' };
    const key = keyOfSession({ userId: ALICE, deviceId: from.deviceId, sessionId: from.sessionId });
    bench.media.published.set(key, [{ ref, kind: 'video', codec: 'VP8', layers: [{ rid: undefined }] }]);
    const alice = await bench.join(from);
    const content = { sdp_stream_metadata: METADATA };
    alice.events.control(JSON.stringify({ type: 'm.call.sdp_stream_metadata_changed', content }));
    await bench.clock.pass(10);
    return alice;
  }

  async function encryptRoom(): Promise<void> {
    bench.rooms.encrypted.add(ROOM);
    bench.focus.roomsChanged(new Map([[ROOM, new Set()]]));
    await bench.clock.pass(10);
  }

  it('is refused in an encrypted room where the configuration says so, and counted', async () => {
    bench = new FocusBench({}, true);
    bench.rooms.room(ROOM, 'conf', ALICE, BOB);
    bench.rooms.encrypted.add(ROOM);
    expect(told(await publishes())).toBe(true);
    expect(bench.meters.counts.get('error WEIR_CLEAR_MEDIA')).toBe(1);
  });

  it('is refused from when encryption is switched on in a running call', async () => {
    bench = new FocusBench({}, true);
    bench.rooms.room(ROOM, 'conf', ALICE, BOB);
    const alice = await publishes();
    expect(told(alice)).toBe(false);
    await encryptRoom();
    expect(told(alice)).toBe(true);
  });

  it('is nobody’s business otherwise', async () => {
    const alice = await publishes();
    await encryptRoom();
    expect(told(alice)).toBe(false);
  });
});

describe('an invite', () => {
  it('is answered once its session is durable', async () => {
    bench.take(invite(envelope(ALICE)));
    await bench.clock.pass(10);
    expect(bench.store.calls).toEqual([`remember call of ${ALICE}`]);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.answer']);
    expect(bench.signals.sent[0]?.event.content).toMatchObject({
      call_id: `call of ${ALICE}`,
      dest_session_id: 's1',
      sender_session_id: 'sfu',
      answer: { type: 'answer', sdp: 'answer to offer' },
    });
  });

  it('is not answered where the session cannot be made durable', async () => {
    bench.store.failure = new WeirError('WEIR_STORE_FAILED', 'disk full');
    bench.take(invite(envelope(ALICE)));
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.hangup WEIR_STORE_FAILED']);
    expect(bench.media.peers[0]?.peer.closed).toBe(true);
  });

  it('waits for the state of its room, and is admitted when it comes', async () => {
    bench.rooms.joined.clear();
    bench.take(invite(envelope(ALICE)));
    await bench.clock.pass(1_000);
    expect(bench.signals.sent).toEqual([]);
    bench.rooms.joined.set(ROOM, new Set([ALICE]));
    bench.focus.roomsChanged(new Map([[ROOM, new Set([ALICE])]]));
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.answer']);
  });

  it.each([
    ['of a user who is not joined', envelope('@mallory:example.org'), 'WEIR_NOT_JOINED'],
    ['for a conference that is nowhere', { ...envelope(ALICE), confId: 'other' }, 'WEIR_UNKNOWN_CONFERENCE'],
  ])('%s is refused after a while, and counted', async (_, from, code) => {
    bench.take(invite(from));
    await bench.clock.pass(2_900);
    expect(bench.signals.sent).toEqual([]);
    await bench.clock.pass(200);
    expect(bench.signals.to(from.sender)).toEqual([`m.call.hangup ${code}`]);
    expect(bench.meters.counts.get(`invite refused ${code}`)).toBe(1);
    expect(bench.media.peers).toEqual([]);
  });

  it('for a call that has ended is refused', async () => {
    const call = bench.rooms.calls[0];
    if (call !== undefined) call.terminated = 'over';
    bench.take(invite(envelope(ALICE)));
    await bench.clock.pass(3_100);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.hangup WEIR_CALL_ENDED']);
  });

  it('that may be older than its lifetime is refused', async () => {
    bench.take(invite(envelope(ALICE)), 60_001);
    bench.take(invite(envelope(BOB)), Number.POSITIVE_INFINITY);
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.hangup WEIR_STALE_INVITE']);
    expect(bench.signals.to(BOB)).toEqual(['m.call.hangup WEIR_STALE_INVITE']);
  });

  it('that waited less than its lifetime while the focus was away is taken', async () => {
    bench.take(invite(envelope(ALICE)), 5_000);
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.answer']);
  });

  it('with a description that cannot be read is hung up; the next call goes on', async () => {
    bench.take(invite(envelope(ALICE), 'garbage'));
    bench.focus.take({ parsed: bad('broken'), replyTo: envelope(ALICE, 'broken call'), lateMs: 0 });
    bench.focus.take({ parsed: bad('broken'), replyTo: undefined, lateMs: 0 });
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE).sort()).toEqual(['m.call.hangup WEIR_BAD_MESSAGE', 'm.call.hangup WEIR_BAD_SDP']);
    bench.take(invite(envelope(BOB)));
    await bench.clock.pass(10);
    expect(bench.signals.to(BOB)).toEqual(['m.call.answer']);
  });

  it('that cannot be read leaves a running session of the same call alone', async () => {
    const peer = await bench.join(envelope(ALICE));
    bench.focus.take({ parsed: bad('broken'), replyTo: envelope(ALICE), lateMs: 0 });
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.answer']);
    expect(peer.told.at(-1)).toContain('WEIR_BAD_MESSAGE');
  });

  it('too many from one user are refused; other users are not', async () => {
    for (let number = 0; number < 12; number++) bench.take(invite(envelope(ALICE, `call ${number}`, `s${number}`)));
    bench.take(invite(envelope(BOB)));
    await bench.clock.pass(10);
    expect(bench.meters.counts.get('invite refused WEIR_OVERLOADED')).toBe(2);
    expect(bench.signals.to(BOB)).toEqual(['m.call.answer']);
    await bench.clock.pass(6_000);
    bench.take(invite(envelope(ALICE, 'later', 'later')));
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE).at(-1)).toBe('m.call.answer');
  });

  it('cannot fill the waiting room without end', async () => {
    for (let number = 0; number < 7; number++) bench.take(invite(envelope(`@stranger${number}:example.org`)));
    await bench.clock.pass(10);
    expect(bench.signals.sent).toHaveLength(2);
    await bench.clock.pass(3_100);
    expect(bench.signals.sent).toHaveLength(7);
  });
});

describe('a running call', () => {
  it('ends for a user who leaves the room', async () => {
    const peer = await bench.join(envelope(ALICE));
    bench.rooms.joined.get(ROOM)?.delete(ALICE);
    bench.focus.roomsChanged(new Map([[ROOM, new Set([ALICE])]]));
    await bench.clock.pass(10);
    expect(peer.closed).toBe(true);
    expect(bench.signals.to(ALICE).at(-1)).toBe('m.call.hangup WEIR_NOT_JOINED');
    expect(bench.focus.counts().conferences).toBe(0);
  });

  it('follows what its room says of who may publish, from the first moment on', async () => {
    const power = { levels: undefined, creation: undefined };
    bench.rooms.permissions = { publish: {}, floor: { moderator: 50 }, power };
    const peer = await bench.join(envelope(ALICE));
    const toldOfFloor = (): string | undefined => peer.told.filter(text => text.includes('"org.weir.floor"')).at(-1);
    expect(toldOfFloor()).toContain('"you":"none"');
    peer.events.control(JSON.stringify({ type: 'org.weir.floor_request', content: {} }));
    await bench.clock.pass(10);
    expect(toldOfFloor()).toContain('"you":"holder"');
    bench.rooms.permissions = { publish: { audio: 50 }, floor: { moderator: 50 }, power };
    bench.focus.roomsChanged(new Map([[ROOM, new Set([ALICE])]]));
    await bench.clock.pass(10);
    expect(toldOfFloor()).toContain('"you":"none"');
  });

  it('ends for all when the call is ended or the focus leaves the room', async () => {
    const peer = await bench.join(envelope(ALICE));
    bench.rooms.joined.delete(ROOM);
    bench.focus.roomsChanged('all');
    await bench.clock.pass(10);
    expect(peer.closed).toBe(true);
    expect(bench.signals.to(ALICE).at(-1)).toBe('m.call.hangup WEIR_CALL_ENDED');
  });

  it('is not touched by the late hang-up of an earlier session of the device', async () => {
    const old = await bench.join(envelope(ALICE, 'first', 's1'));
    const fresh = await bench.join(envelope(ALICE, 'second', 's2'));
    bench.take({ kind: 'hangup', from: envelope(ALICE, 'first', 's1'), reason: 'user_hangup' });
    old.events.path('silent');
    old.events.failed('WEIR_MEDIA_FAILED', 'late');
    await bench.clock.pass(1_000);
    expect(old.closed).toBe(true);
    expect(fresh.closed).toBe(false);
  });

  it('cannot be ended by another user who knows its ids', async () => {
    const peer = await bench.join(envelope(ALICE));
    bench.take({ kind: 'hangup', from: { ...envelope(ALICE), sender: BOB }, reason: 'user_hangup' });
    await bench.clock.pass(10);
    expect(peer.closed).toBe(false);
  });

  it('drops what a client says too fast, and tells it', async () => {
    const loud = await bench.join(envelope(ALICE));
    for (let number = 0; number < 300; number++) loud.events.control('{"type":"m.call.ping","content":{}}');
    await bench.clock.pass(10);
    expect(loud.closed).toBe(false);
    expect(loud.told.filter(text => text.includes('m.call.pong'))).toHaveLength(200);
    expect(loud.told.filter(text => text.includes('WEIR_TOO_MANY_MESSAGES'))).toHaveLength(1);
  });

  it('hangs up a client that floods its channel, and no other', async () => {
    const quiet = await bench.join(envelope(BOB));
    const loud = await bench.join(envelope(ALICE));
    for (let number = 0; number < 6_000; number++) loud.events.control('{"type":"m.call.pong","content":{}}');
    quiet.events.control('{"type":"m.call.ping","content":{}}');
    await bench.clock.pass(10);
    expect(loud.closed).toBe(true);
    expect(bench.signals.to(ALICE).at(-1)).toBe('m.call.hangup WEIR_OVERLOADED');
    expect(quiet.closed).toBe(false);
    expect(quiet.told.filter(text => text.includes('m.call.pong'))).toHaveLength(1);
  });

  it('answers what it cannot read', async () => {
    const peer = await bench.join(envelope(ALICE));
    peer.events.control('not json');
    await bench.clock.pass(10);
    expect(peer.told.at(-1)).toContain('WEIR_BAD_MESSAGE');
  });

  it('goes on while the homeserver cannot be reached', async () => {
    const peer = await bench.join(envelope(ALICE));
    bench.signals.failure = new WeirError('WEIR_HOMESERVER_UNREACHABLE', 'down');
    bench.take(invite(envelope(BOB)));
    await bench.clock.pass(1_000);
    expect(bench.meters.counts.get('error WEIR_HOMESERVER_UNREACHABLE')).toBe(1);
    expect(peer.closed).toBe(false);
    bench.signals.failure = undefined;
  });

  it('closes media that were still being opened when the client hung up', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.media.gate = promise;
    bench.take(invite(envelope(ALICE)));
    await bench.clock.pass(10);
    bench.take({ kind: 'hangup', from: envelope(ALICE), reason: 'user_hangup' });
    await bench.clock.pass(10);
    resolve();
    await bench.clock.pass(10);
    expect(bench.media.peers[0]?.peer.closed).toBe(true);
    expect(bench.signals.to(ALICE)).toEqual([]);
  });

  it('tells a client that negotiates about a call that is gone', async () => {
    const offer = { type: 'offer', sdp: 'offer' } as const;
    bench.take({ kind: 'negotiate', from: envelope(ALICE), description: offer, metadata: undefined });
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.hangup WEIR_NO_SESSION']);
    expect(bench.meters.counts.get('error WEIR_NO_SESSION')).toBe(1);
  });
});

describe('a restart', () => {
  it('hangs up the sessions of the earlier run, and does not take their invites again', async () => {
    const from = envelope(ALICE, 'old call');
    const session = { userId: ALICE, deviceId: 'DEV', sessionId: 's1' };
    bench.focus.resume({
      sync: undefined,
      sessions: [{ conference: { roomId: ROOM, confId: 'conf' }, session, callId: 'old call' }],
    });
    bench.take(invite(from), 1_000);
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE)).toEqual(['m.call.hangup WEIR_FOCUS_RESTARTED']);
    expect(bench.store.calls).toEqual([`forget ${keyOfSession(session)}`]);
  });

  it('is announced to everybody when it is a stop', async () => {
    const peer = await bench.join(envelope(ALICE));
    const stopped = bench.focus.stop();
    await bench.clock.pass(10);
    await stopped;
    expect(bench.signals.to(ALICE).at(-1)).toBe('m.call.hangup WEIR_FOCUS_STOPPING');
    expect(peer.closed).toBe(true);
    bench.take(invite(envelope(BOB)));
    await bench.clock.pass(10);
    expect(bench.signals.to(BOB)).toEqual(['m.call.hangup WEIR_FOCUS_STOPPING']);
  });
});
