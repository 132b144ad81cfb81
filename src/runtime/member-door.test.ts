import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../conference/state.ts';
import type { ResumedSession, SignalDoor, SignalLine, SignalMember } from '../ports.ts';
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
import { Focus } from './focus.ts';

const ROOM = '!room:example.org';
const ALICE: SignalMember = { userId: '@alice:example.org', deviceId: 'DEV', roomId: ROOM, confId: 'conf' };
const CALL = { call_id: 'c1', conf_id: 'conf', device_id: 'DEV', sender_session_id: 's1' };

interface Frame {
  type: string;
  content: Record<string, unknown>;
}

const typeOf = (text: string): string => (JSON.parse(text) as Frame).type;
const codeOf = (content: Record<string, unknown>): unknown =>
  Reflect.get(Object(content['org.weir.error']) as object, 'code');

class FakeLine implements SignalLine {
  readonly said: Frame[] = [];
  code: string | undefined;
  open = true;

  say(frame: string): boolean {
    if (!this.open) return false;
    this.said.push(JSON.parse(frame) as Frame);
    return true;
  }

  close(code: string): void {
    this.code ??= code;
    this.open = false;
  }

  get types(): string[] {
    return this.said.map(({ type, content }) =>
      type === 'org.weir.error' ? `${type} ${String(content['code'])}` : type,
    );
  }
}

class Bench {
  readonly clock = new VirtualClock();
  readonly media = new FakeMedia();
  readonly process = new FakeProcess();
  readonly signals = new FakeSignals();
  readonly rooms = new FakeRooms();
  readonly focus = new Focus({
    media: this.media,
    process: this.process,
    overload: OVERLOAD,
    signals: this.signals,
    store: new FakeStore(),
    clock: this.clock,
    log: silentLog,
    meters: new FakeMeters(),
    focus: { userId: '@focus:example.org', deviceId: 'FOCUSDEV' },
    timing: DEFAULT_TIMING,
    limits: DEFAULT_LIMITS,
    rooms: this.rooms,
    bounds: { conferences: 10, invitesPerUserPerMinute: 10, invitePatienceMs: 3_000, waitingInvites: 5 },
    requireEncryption: false,
  });

  connect(member = ALICE, resume?: ResumedSession): { line: FakeLine; door: SignalDoor } {
    const line = new FakeLine();
    return { line, door: this.focus.connect(member, resume, line) };
  }

  async invite(door: SignalDoor, content: object = {}): Promise<void> {
    door.take(frame('m.call.invite', { ...CALL, offer: { type: 'offer', sdp: 'offer' }, ...content }));
    await this.clock.pass(10);
  }

  /** Joined over a WebSocket, media and all. */
  async joined() {
    const { line, door } = this.connect();
    await this.invite(door);
    const peer = this.media.peers.at(-1)?.peer;
    if (peer === undefined) throw new Error('no media was opened');
    peer.events.path('heard');
    await this.clock.pass(10);
    return { line, door, peer };
  }
}

const frame = (type: string, content: object): string => JSON.stringify({ type, content });

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.rooms.room(ROOM, 'conf', ALICE.userId);
});
afterEach(async () => {
  const stopped = bench.focus.stop();
  await bench.clock.pass(10);
  await stopped;
  expect(bench.clock.pending, 'no timer outlives the focus').toBe(0);
});

describe('an invite by WebSocket', () => {
  it('is answered there, and nothing goes over the homeserver', async () => {
    const { line } = await bench.joined();
    expect(line.said.find(({ type }) => type === 'm.call.answer')?.content).toMatchObject({
      call_id: 'c1',
      dest_session_id: 's1',
      answer: { type: 'answer', sdp: 'answer to offer' },
    });
    expect(bench.signals.sent).toEqual([]);
  });

  it('opens the control messages before there is a data channel', async () => {
    const { line, door, peer } = await bench.joined();
    door.take(frame('m.call.ping', {}));
    await bench.clock.pass(10);
    expect(line.types).toContain('m.call.sdp_stream_metadata_changed');
    expect(line.types).toContain('m.call.pong');
    expect(peer.told).toEqual([]);
  });

  it.each([
    ['another device', { device_id: 'OTHER' }],
    ['another conference', { conf_id: 'other' }],
  ])('for %s than the token says is refused', async (_, content) => {
    const { line, door } = bench.connect();
    await bench.invite(door, content);
    expect(line.types).toEqual(['org.weir.error WEIR_NOT_ALLOWED']);
    expect(bench.media.peers).toEqual([]);
  });

  it('cannot name another room than the token does', async () => {
    bench.rooms.room('!other:example.org', 'conf', ALICE.userId);
    const { door } = bench.connect();
    await bench.invite(door, { 'org.weir.room_id': '!other:example.org' });
    expect(bench.media.peers.map(({ conference }) => conference)).toEqual([JSON.stringify([ROOM, 'conf'])]);
  });

  it('that is refused learns so there', async () => {
    bench.rooms.joined.set(ROOM, new Set());
    const { line, door } = bench.connect();
    await bench.invite(door);
    await bench.clock.pass(3_100);
    expect(line.said.map(({ type, content }) => [type, codeOf(content)])).toEqual([
      ['m.call.hangup', 'WEIR_NOT_JOINED'],
    ]);
    expect(bench.signals.sent).toEqual([]);
  });
});

describe('a WebSocket that is cut', () => {
  it('leaves the session, which goes on over its data channel and by to-device message', async () => {
    const { door, peer } = await bench.joined();
    peer.events.controlOpen();
    door.closed();
    await bench.clock.pass(3_000);
    expect(peer.closed).toBe(false);
    expect(peer.told.map(typeOf)).toContain('m.call.ping');
    bench.focus.roomsChanged('all');
    bench.rooms.joined.set(ROOM, new Set());
    bench.focus.roomsChanged('all');
    await bench.clock.pass(10);
    expect(bench.signals.to(ALICE.userId)).toEqual(['m.call.hangup WEIR_NOT_JOINED']);
  });

  it('is taken up by another, which is told again what may be lost', async () => {
    const { door, peer } = await bench.joined();
    door.closed();
    const again = bench.connect(ALICE, { callId: 'c1', sessionId: 's1' });
    await bench.clock.pass(10);
    expect(again.door.resumed).toBe(true);
    expect(again.line.types).toContain('m.call.sdp_stream_metadata_changed');
    expect(peer.closed).toBe(false);
  });

  it('and comes back before that was noticed closes the old one', async () => {
    const { line } = await bench.joined();
    bench.connect(ALICE, { callId: 'c1', sessionId: 's1' });
    expect(line.code).toBe('WEIR_REPLACED');
  });
});

describe('a session is not taken up', () => {
  it.each([
    ['by another device of the user', { ...ALICE, deviceId: 'OTHER' }],
    ['by another user', { ...ALICE, userId: '@mallory:example.org' }],
    ['with a token for another conference', { ...ALICE, confId: 'other' }],
    ['with a token for another room', { ...ALICE, roomId: '!other:example.org' }],
  ])('%s', async (_, member) => {
    const { line } = await bench.joined();
    const said = line.said.length;
    const other = bench.connect(member, { callId: 'c1', sessionId: 's1' });
    await bench.clock.pass(100);
    expect(other.door.resumed).toBe(false);
    expect([other.line.said, line.code]).toEqual([[], undefined]);
    expect(line.said.length).toBeGreaterThanOrEqual(said);
  });

  it('that has ended', async () => {
    const { door } = await bench.joined();
    door.take(frame('m.call.hangup', { ...CALL, reason: 'user_hangup' }));
    await bench.clock.pass(10);
    expect(bench.connect(ALICE, { callId: 'c1', sessionId: 's1' }).door.resumed).toBe(false);
  });
});

describe('bad frames', () => {
  it.each([
    ['no JSON', '{', 'WEIR_BAD_MESSAGE'],
    ['no message', '[]', 'WEIR_BAD_MESSAGE'],
    ['deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'WEIR_BAD_MESSAGE'],
    ['control before a session', frame('m.call.ping', {}), 'WEIR_NO_SESSION'],
    ['a call message without its address', frame('m.call.invite', { call_id: 'c1' }), 'WEIR_BAD_MESSAGE'],
    ['a type that is not a call', frame('m.room.message', CALL), 'WEIR_BAD_MESSAGE'],
  ])('%s are answered, and harm nobody', async (_, text, code) => {
    const { line, door } = bench.connect();
    door.take(text);
    expect(line.types).toEqual([`org.weir.error ${code}`]);
    await bench.invite(door);
    expect(line.types).toContain('m.call.answer');
  });

  it('too many are dropped and told; a flood ends the WebSocket, not the session', async () => {
    const { line, door, peer } = await bench.joined();
    for (let count = 0; count < 300; count++) door.take('{');
    expect(line.types).toContain('org.weir.error WEIR_TOO_MANY_MESSAGES');
    for (let count = 0; count < 6_000; count++) door.take('{');
    expect(line.code).toBe('WEIR_TOO_MANY_MESSAGES');
    expect(peer.closed).toBe(false);
  });
});
