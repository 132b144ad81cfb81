/** A focus that has too much to do, from its doors to its conferences. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERRORS, WeirError } from '../../signalling/wire/errors.ts';
import { ok } from '../../signalling/wire/parse.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { ClientToDevice, Envelope } from '../../signalling/wire/to-device.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../conference/state.ts';
import type { OverloadLimits } from '../overload/watch.ts';
import type { Log, SignalLine } from '../ports.ts';
import {
  FakeMedia,
  FakeMeters,
  type FakePeer,
  FakeProcess,
  FakeRooms,
  FakeSignals,
  FakeStore,
  OVERLOAD,
  silentLog,
} from '../testing/fake-world.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { keyOfSubscription, type TrackRef } from '../session.ts';
import { callOf } from './calls.ts';
import { Focus } from './focus.ts';

const ROOM = '!room:example.org';
const USERS = ['alice', 'bob', 'carol', 'dora'].map(name => `@${name}:example.org`);
const [ALICE = '', BOB = '', CAROL = ''] = USERS;
/** The worker has room, takes no newcomers, and is full. */
const [CALM, CAREFUL, FULL] = [[0.5], [0.85], [1]] as const;

function envelope(sender: string, sessionId = 's1', confId = 'conf'): Envelope {
  return { sender, deviceId: 'DEV', sessionId, callId: `call of ${sender} ${sessionId}`, confId };
}

class Line implements SignalLine {
  readonly said: string[] = [];

  say(frame: string): boolean {
    this.said.push(frame);
    return true;
  }

  close(): void {}
}

class Bench {
  readonly clock = new VirtualClock();
  readonly media = new FakeMedia();
  readonly process = new FakeProcess();
  readonly signals = new FakeSignals();
  readonly meters = new FakeMeters();
  readonly rooms = new FakeRooms();
  readonly lines: object[] = [];
  readonly focus: Focus;

  constructor(options: { overload?: OverloadLimits | undefined; participants?: number } = {}) {
    const { overload, participants } = { overload: OVERLOAD, participants: DEFAULT_LIMITS.participants, ...options };
    const keep = (fields: object): void => void this.lines.push(fields);
    const log: Log = { ...silentLog, info: keep, warn: keep, child: () => silentLog };
    this.focus = new Focus({
      media: this.media,
      process: this.process,
      overload,
      signals: this.signals,
      store: new FakeStore(),
      clock: this.clock,
      log,
      meters: this.meters,
      focus: { userId: '@focus:example.org', deviceId: 'FOCUSDEV' },
      timing: DEFAULT_TIMING,
      limits: { ...DEFAULT_LIMITS, participants },
      rooms: this.rooms,
      bounds: { conferences: 2, invitesPerUserPerMinute: 100, invitePatienceMs: 3_000, waitingInvites: 5 },
      requireEncryption: false,
    });
    for (const confId of ['conf', 'second', 'third']) this.rooms.room(ROOM, confId, ...USERS);
  }

  async invite(from: Envelope, metadata: StreamMetadata = {}): Promise<void> {
    const message: ClientToDevice = { kind: 'invite', from, sdp: 'offer', metadata, lifetimeMs: 60_000 };
    this.focus.take({ parsed: ok(message), replyTo: undefined, lateMs: 0 });
    await this.clock.pass(10);
  }

  /** Joins all the way, and gives the peer. */
  async join(from: Envelope, metadata: StreamMetadata = {}): Promise<FakePeer> {
    await this.invite(from, metadata);
    const peer = this.media.peers.at(-1)?.peer;
    if (peer === undefined || peer.closed) throw new Error('no media was opened');
    peer.events.path('heard');
    peer.events.controlOpen();
    await this.clock.pass(10);
    return peer;
  }

  /** The worker takes this for so long. */
  async busy(loads: readonly number[], ms = 5_000): Promise<void> {
    this.media.loads = loads;
    await this.clock.pass(ms);
  }

  /** `org.weir.error` of the last hang-up of a user. */
  refusal(userId: string): unknown {
    return this.signals.sent.findLast(({ userId: to, event }) => to === userId && event.type === 'm.call.hangup')?.event
      .content['org.weir.error'];
  }

  tokenRefusal(userId: string): unknown {
    try {
      return this.focus.mayJoin({ userId, deviceId: 'DEV', roomId: ROOM, confId: 'conf' }).kind;
    } catch (thrown) {
      return thrown;
    }
  }

  /** Levels that were logged, in order. */
  get levels(): unknown[] {
    return this.lines.flatMap(line => ('overload' in line ? line.overload : []));
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  const stopped = bench.focus.stop();
  await bench.clock.pass(10);
  await stopped;
  expect(bench.clock.pending, 'no timer outlives the focus').toBe(0);
});

const REFUSED = {
  code: 'WEIR_OVERLOADED',
  message: 'the media worker is busy (85 % of a core)',
  remedy: ERRORS.WEIR_OVERLOADED.remedy,
  retry_after_ms: 10_000,
};

describe('a newcomer of a busy focus is refused, with the same words', () => {
  beforeEach(async () => {
    await bench.join(envelope(ALICE));
    await bench.busy(CAREFUL);
  });

  it('by to-device message', async () => {
    await bench.invite(envelope(BOB));
    expect(bench.refusal(BOB)).toEqual(REFUSED);
    expect(bench.meters.counts.get('no room: worker')).toBe(1);
    expect(bench.meters.counts.get('invite refused WEIR_OVERLOADED')).toBe(1);
  });

  it('by WebSocket, which stays open', async () => {
    const line = new Line();
    const member = { userId: BOB, deviceId: 'DEV', roomId: ROOM, confId: 'conf' };
    const door = bench.focus.connect(member, undefined, line);
    const { sender: _, ...ids } = envelope(BOB);
    const content = {
      call_id: ids.callId,
      conf_id: ids.confId,
      device_id: ids.deviceId,
      sender_session_id: ids.sessionId,
      offer: { type: 'offer', sdp: 'offer' },
    };
    door.take(JSON.stringify({ type: 'm.call.invite', content }));
    await bench.clock.pass(10);
    expect(line.said.map(text => JSON.parse(text) as unknown)).toMatchObject([
      { type: 'm.call.hangup', content: { 'org.weir.error': REFUSED } },
    ]);
  });

  it('when it asks for a token', () => {
    const { message, retry_after_ms: retryAfterMs } = REFUSED;
    expect(bench.tokenRefusal(BOB)).toBeInstanceOf(WeirError);
    expect(bench.tokenRefusal(BOB)).toMatchObject({ code: 'WEIR_OVERLOADED', message, retryAfterMs });
  });

  it('and in a call that would be new, too', async () => {
    await bench.invite(envelope(BOB, 's1', 'second'));
    expect(bench.refusal(BOB)).toEqual(REFUSED);
  });

  it('until it is calm again', async () => {
    await bench.busy(CALM, 12_000);
    await bench.join(envelope(BOB));
    expect(bench.signals.to(BOB)).toEqual(['m.call.answer']);
    expect(bench.tokenRefusal(CAROL)).toBe('admitted');
  });
});

describe('no newcomer', () => {
  beforeEach(async () => {
    await bench.join(envelope(ALICE));
  });

  it('is who is in the call: its token is renewed, its WebSocket takes it up, its device may join anew', async () => {
    await bench.busy(FULL);
    expect(bench.tokenRefusal(ALICE)).toBe('admitted');
    const { callId, sessionId } = envelope(ALICE);
    const member = { userId: ALICE, deviceId: 'DEV', roomId: ROOM, confId: 'conf' };
    expect(bench.focus.connect(member, { callId, sessionId }, new Line()).resumed).toBe(true);
    await bench.join(envelope(ALICE, 's2'));
    expect(bench.signals.to(ALICE)).toContain('m.call.answer');
  });

  it('is who was in it a moment ago', async () => {
    await bench.busy(CAREFUL);
    const bob = envelope(BOB);
    bench.focus.take({
      parsed: ok({ kind: 'hangup', from: envelope(ALICE), reason: 'user_hangup' }),
      replyTo: undefined,
      lateMs: 0,
    });
    await bench.clock.pass(10_000);
    await bench.join(envelope(ALICE, 's2'));
    await bench.invite(bob);
    expect(bench.refusal(BOB)).toBeDefined();
  });

  it('but is one after half a minute', async () => {
    await bench.busy(CAREFUL);
    bench.focus.take({
      parsed: ok({ kind: 'hangup', from: envelope(ALICE), reason: 'user_hangup' }),
      replyTo: undefined,
      lateMs: 0,
    });
    await bench.clock.pass(31_000);
    await bench.invite(envelope(ALICE, 's2'));
    expect(bench.refusal(ALICE)).toEqual(REFUSED);
  });

  it('is who was in it before the focus was restarted', async () => {
    const session = { userId: BOB, deviceId: 'DEV', sessionId: 'earlier' };
    bench.focus.resume({
      sync: undefined,
      sessions: [{ conference: { roomId: ROOM, confId: 'conf' }, session, callId: 'earlier' }],
    });
    await bench.busy(CAREFUL);
    await bench.join(envelope(BOB));
    expect(bench.signals.to(BOB)).toEqual(['m.call.hangup WEIR_FOCUS_RESTARTED', 'm.call.answer']);
  });
});

describe('what is full is told', () => {
  it('the process that signals, however calm the workers', async () => {
    bench.process.load = { utilization: 0.2, lagMs: 900 };
    await bench.busy([0]);
    await bench.invite(envelope(ALICE));
    expect(bench.refusal(ALICE)).toMatchObject({ message: 'the process that signals is busy' });
    expect(bench.meters.counts.get('no room: process')).toBe(1);
  });

  it('the conferences', async () => {
    for (const [index, user] of [ALICE, BOB].entries())
      await bench.join(envelope(user, 's1', ['conf', 'second'][index]));
    await bench.invite(envelope(CAROL, 's1', 'third'));
    expect(bench.refusal(CAROL)).toMatchObject({
      message: 'the focus serves 2 conferences, and may not serve more',
      retry_after_ms: 30_000,
    });
  });

  it('the conference, when a token is asked for, too', async () => {
    await bench.focus.stop();
    bench = new Bench({ participants: 1 });
    await bench.join(envelope(ALICE));
    await bench.invite(envelope(BOB));
    expect(bench.refusal(BOB)).toMatchObject({
      code: 'WEIR_OVERLOADED',
      message: 'the conference is full: 1 of 1',
    });
    expect(bench.tokenRefusal(BOB)).toMatchObject({ code: 'WEIR_OVERLOADED' });
    expect(bench.tokenRefusal(ALICE)).toBe('admitted');
  });
});

describe('running calls', () => {
  const audio = { streamId: 'stream', trackId: 'microphone' };
  const camera = { streamId: 'stream', trackId: 'camera' };
  const subscription = {
    type: 'm.call.track_subscription',
    content: {
      subscribe: [audio, camera].map(({ streamId, trackId }) => ({ stream_id: streamId, track_id: trackId })),
      'org.weir.tell': ['allocation'],
    },
  };

  /** Bob sees and hears Alice. */
  async function watched() {
    const alice = envelope(ALICE);
    bench.media.published.set(callOf(alice).key, [
      { ref: audio, kind: 'audio', codec: 'opus', layers: [{ rid: undefined }] },
      { ref: camera, kind: 'video', codec: 'VP8', layers: [{ rid: undefined }] },
    ]);
    const tracks = {
      microphone: { kind: 'audio' as const },
      camera: { kind: 'video' as const, width: 640, height: 360 },
    };
    const alices = await bench.join(alice, { stream: { purpose: 'm.usermedia', tracks } });
    const bob = await bench.join(envelope(BOB));
    bob.events.control(JSON.stringify(subscription));
    await bench.clock.pass(10);
    bob.events.control(
      JSON.stringify({ type: 'm.call.negotiate', content: { description: { type: 'answer', sdp: 'answer' } } }),
    );
    await bench.clock.pass(10);
    return { alice: alices, bob };
  }

  /** Pauses and resumptions of the track, in order. */
  function pausesOf(peer: FakePeer, track: TrackRef): boolean[] {
    return peer.adjusted
      .filter(({ track: key }) => key === keyOfSubscription(track))
      .map(({ served }) => served.paused);
  }

  /** Both clients are alive, as far as the focus can tell. */
  async function stay(peers: { alice: FakePeer; bob: FakePeer }, loads: readonly number[], ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 2_500) {
      await bench.busy(loads, 2_500);
      for (const peer of [peers.alice, peers.bob])
        peer.events.control(JSON.stringify({ type: 'm.call.pong', content: {} }));
    }
  }

  it('go on: video gives way, voices stay, viewers are told why, and it comes back', async () => {
    const peers = await watched();
    await stay(peers, FULL, 60_000);
    expect(pausesOf(peers.bob, camera)).toEqual([true]);
    expect(pausesOf(peers.bob, audio)).toEqual([]);
    expect(peers.bob.told.filter(text => text.includes('"paused":"overload"'))).toHaveLength(1);
    expect(bench.focus.counts()).toMatchObject({ present: 2, videosShed: 1, forwarded: 1 });
    await stay(peers, [0.1], 180_000);
    expect(pausesOf(peers.bob, camera)).toEqual([true, false]);
    expect(bench.focus.counts()).toMatchObject({ present: 2, videosShed: 0, forwarded: 2 });
    expect([bench.levels[0], bench.levels.at(-1)]).toEqual(['careful', 'calm']);
  });

  it('get all of it where overload is switched off, and newcomers are let in', async () => {
    await bench.focus.stop();
    bench = new Bench({ overload: undefined });
    const peers = await watched();
    bench.process.load = { utilization: 1, lagMs: 5_000 };
    await stay(peers, FULL, 30_000);
    await bench.join(envelope(CAROL));
    expect(bench.levels).toEqual([]);
    expect(pausesOf(peers.bob, camera)).toEqual([]);
    expect(bench.focus.overload.workers.get(0)?.share).toBe(1);
  });
});
