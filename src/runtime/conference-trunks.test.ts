/** Two foci of two operators, joined by trunks that are carried by hand: whose conference a trunk is, and when it is wanted. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import { ok } from '../../signalling/wire/parse.ts';
import type { ClientToDevice, Envelope } from '../../signalling/wire/to-device.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../conference/state.ts';
import type { Trunk, TrunkEvents, Trunks } from '../ports.ts';
import { type ConferenceId, type FocusId, keyOfSession } from '../session.ts';
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
const EAST = { userId: '@focus:east', deviceId: 'EAST' };
const WEST = { userId: '@focus:west', deviceId: 'WEST' };
const ANN: Envelope = { sender: '@ann:east', deviceId: 'ANNDEV', sessionId: 's', callId: 'ann', confId: 'conf' };
const WIM: Envelope = { sender: '@wim:west', deviceId: 'WIMDEV', sessionId: 's', callId: 'wim', confId: 'conf' };

/** A trunk that says what a test says. */
class FakeTrunk implements Trunk {
  readonly epoch = 'own';
  unacknowledged = 0;
  readonly said: string[] = [];
  closedFor: ErrorCode | undefined;
  /** What is said is kept. */
  keeps = true;

  readonly peer: FocusId;
  readonly events: TrunkEvents;

  constructor(peer: FocusId, events: TrunkEvents) {
    this.peer = peer;
    this.events = events;
  }

  say(frame: string): boolean {
    if (this.keeps) this.said.push(frame);
    return this.keeps;
  }

  close(code: ErrorCode = 'WEIR_TRUNK_CLOSED'): void {
    this.closedFor ??= code;
  }

  typesSaid(): string[] {
    return this.said.map(text => String(Reflect.get(Object(JSON.parse(text)), 'type')));
  }
}

/** Of the operator: nothing is sent there for another focus's word. */
const OWN_NETWORK = '10.0.0.7';

class FakeTrunks implements Trunks {
  readonly opened: FakeTrunk[] = [];

  open(_: ConferenceId, peer: FocusId, events: TrunkEvents): Trunk {
    const trunk = new FakeTrunk(peer, events);
    this.opened.push(trunk);
    return trunk;
  }

  mayReach(address: string): boolean {
    return address !== OWN_NETWORK;
  }

  get latest(): FakeTrunk {
    const trunk = this.opened.at(-1);
    if (trunk === undefined) throw new Error('no trunk was wanted');
    return trunk;
  }
}

class EasternFocus {
  readonly clock = new VirtualClock();
  readonly media = new FakeMedia();
  readonly rooms = new FakeRooms();
  readonly trunks = new FakeTrunks();
  readonly focus = new Focus({
    media: this.media,
    process: new FakeProcess(),
    overload: OVERLOAD,
    signals: new FakeSignals(),
    store: new FakeStore(),
    clock: this.clock,
    log: silentLog,
    meters: new FakeMeters(),
    focus: EAST,
    timing: DEFAULT_TIMING,
    limits: DEFAULT_LIMITS,
    rooms: this.rooms,
    trunks: this.trunks,
    bounds: { conferences: 10, invitesPerUserPerMinute: 10, invitePatienceMs: 3_000, waitingInvites: 5 },
    requireEncryption: false,
  });

  async join(from: Envelope): Promise<void> {
    const message: ClientToDevice = { kind: 'invite', from, sdp: 'offer', metadata: {}, lifetimeMs: 60_000 };
    this.focus.take({ parsed: ok(message), replyTo: undefined, lateMs: 0 });
    await this.clock.pass(10);
    const peer = this.media.peers.at(-1)?.peer;
    peer?.events.path('heard');
    peer?.events.controlOpen();
    await this.clock.pass(10);
  }

  async leave(from: Envelope): Promise<void> {
    this.focus.take({ parsed: ok({ kind: 'hangup', from, reason: 'user_hangup' }), replyTo: undefined, lateMs: 0 });
    await this.clock.pass(10);
  }

  /** The room says that these are on each focus. */
  async serve(...foci: [FocusId, ...Envelope[]][]): Promise<void> {
    this.rooms.foci = foci.map(([focus, ...members]) => ({
      focus,
      devices: members.map(({ sender: userId, deviceId }) => ({ userId, deviceId })),
    }));
    this.focus.roomsChanged(new Map([[ROOM, new Set()]]));
    await this.clock.pass(10);
  }

  async open(epoch = 'theirs', resumed = false): Promise<FakeTrunk> {
    const { latest } = this.trunks;
    latest.events.state({ kind: 'open', resumed, epoch, version: 1 });
    await this.clock.pass(10);
    return latest;
  }
}

let east: EasternFocus;
beforeEach(async () => {
  east = new EasternFocus();
  east.rooms.room(ROOM, 'conf', ANN.sender, WIM.sender);
  await east.join(ANN);
  await east.serve([EAST, ANN], [WEST, WIM]);
});

describe('a trunk', () => {
  it('is wanted while somebody is here and the room puts somebody on the other focus', async () => {
    expect(east.trunks.opened.map(({ peer }) => peer)).toEqual([WEST]);
    await east.serve([EAST, ANN]);
    expect(east.trunks.latest.closedFor).toBe('WEIR_TRUNK_CLOSED');
    await east.serve([EAST, ANN], [WEST, WIM]);
    expect(east.trunks.opened).toHaveLength(2);
    await east.leave(ANN);
    expect(east.trunks.latest.closedFor).toBe('WEIR_TRUNK_CLOSED');
    expect(east.focus.counts().conferences).toBe(0);
  });

  it('says first where its media is, and joins it to the other end as soon as that is told', async () => {
    const trunk = await east.open();
    expect(trunk.typesSaid()).toContain('org.weir.trunk.media');
    const { peer } = east.media.trunks[0] ?? {};
    expect(peer?.connected).toEqual([]);
    if (peer === undefined) throw new Error('it has media');
    trunk.events.frame(JSON.stringify({ type: 'org.weir.trunk.media', content: peer.end }));
    await east.clock.pass(10);
    expect(peer.connected).toEqual([peer.end]);
  });

  it('sends no media to where another focus must not send it, and ends', async () => {
    const trunk = await east.open();
    const { peer } = east.media.trunks[0] ?? {};
    if (peer === undefined) throw new Error('it has media');
    const content = { ...peer.end, ip: OWN_NETWORK };
    trunk.events.frame(JSON.stringify({ type: 'org.weir.trunk.media', content }));
    await east.clock.pass(10);
    expect(peer.connected).toEqual([]);
    expect(trunk.closedFor).toBe('WEIR_TRUNK_ADDRESS');
  });

  it('shows those who are on the other focus', async () => {
    const trunk = await east.open();
    trunk.events.frame(metadataOf(WIM));
    await east.clock.pass(10);
    expect(east.media.peers[0]?.peer.told.at(-1)).toContain(WIM.sender);
    expect(east.focus.counts()).toMatchObject({ present: 1, trunks: 1, remote: 1 });
  });

  it('that resumes keeps its media and is told nothing again; one that begins anew gets new media', async () => {
    const trunk = await east.open();
    const before = trunk.said.length;
    trunk.events.state({ kind: 'broken', code: 'WEIR_TRUNK_UNREACHABLE' });
    await east.open('theirs', true);
    expect(trunk.said).toHaveLength(before);
    expect(east.media.trunks).toHaveLength(1);
    await east.open('another');
    expect(east.media.trunks.map(({ peer }) => peer.closed)).toEqual([true, false]);
    expect(east.media.trunks[1]?.session).toBe(keyOfSession({ ...WEST, sessionId: 'another' }));
  });

  it('that the other focus ends takes those behind it with it at once', async () => {
    const trunk = await east.open();
    trunk.events.frame(metadataOf(WIM));
    await east.clock.pass(10);
    trunk.events.state({ kind: 'ended', code: 'WEIR_WORKER_DIED' });
    await east.clock.pass(10);
    expect(east.media.trunks[0]?.peer.closed).toBe(true);
    expect(east.focus.counts()).toMatchObject({ present: 1, trunks: 0, remote: 0 });
  });

  it('whose media fails, or whose frames are not kept, begins anew after a while', async () => {
    const first = await east.open();
    east.media.trunks[0]?.peer.events.failed('WEIR_WORKER_DIED', 'as the test asked');
    await east.clock.pass(10);
    expect(first.closedFor).toBe('WEIR_WORKER_DIED');
    await east.clock.pass(2_500);
    expect(east.trunks.opened).toHaveLength(2);
    const second = await east.open('theirs again');
    second.keeps = false;
    second.events.frame(JSON.stringify({ type: 'm.call.ping', content: {} }));
    await east.clock.pass(2_500);
    expect(second.closedFor).toBe('WEIR_TRUNK_OVERFLOW');
    expect(east.trunks.opened).toHaveLength(3);
  });

  it('carries data of those who are here that is wanted there, and takes what comes from there', async () => {
    const trunk = await east.open();
    const media = east.media.trunks[0]?.peer;
    if (media === undefined) throw new Error('it has media');
    media.trunkEvents.path('heard');
    const publisher = keyOfSession({ userId: ANN.sender, deviceId: ANN.deviceId, sessionId: ANN.sessionId });
    const channel = { channelId: 3, label: 'chat', protocol: '', ordered: true, reliable: true };
    east.media.peers[0]?.peer.events.data.opened(channel);
    trunk.events.frame(JSON.stringify({ type: 'org.weir.data_subscription', content: { labels: ['chat'] } }));
    await east.clock.pass(1_000);
    expect(media.askedOfData).toEqual(['forward 3']);
    const message = { publisher, channelId: 3, reliable: true, ppid: 51 as const, payload: Buffer.from('hi') };
    expect(media.trunkEvents.carry(message)).toBe('taken');
    expect(JSON.parse(trunk.said.at(-1) ?? '')).toEqual({
      type: 'org.weir.trunk.data',
      content: { messages: [[3, 51, 'aGk=']] },
    });
    trunk.events.frame(JSON.stringify({ type: 'org.weir.trunk.data', content: { messages: [[9, 51, 'aGk=']] } }));
    expect(media.taken).toEqual([{ channelId: 9, ppid: 51, payload: Buffer.from('hi') }]);
    const channels = [
      { label: 'chat', user_id: WIM.sender, device_id: WIM.deviceId, channel_id: 9, ordered: true, reliable: true },
    ];
    trunk.events.frame(JSON.stringify({ type: 'org.weir.data_channels', content: { channels } }));
    await east.clock.pass(1_000);
    expect(media.askedOfData.slice(1)).toEqual(['receive 9 chat']);
  });

  it('holds data back while the other focus does not acknowledge, and its own messages never', async () => {
    const trunk = await east.open();
    const media = east.media.trunks[0]?.peer;
    trunk.unacknowledged = 100_000;
    const publisher = keyOfSession({ userId: ANN.sender, deviceId: ANN.deviceId, sessionId: ANN.sessionId });
    media?.trunkEvents.carry({ publisher, channelId: 3, reliable: true, ppid: 51, payload: Buffer.from('hi') });
    trunk.events.frame(JSON.stringify({ type: 'm.call.ping', content: {} }));
    await east.clock.pass(1_000);
    expect(trunk.typesSaid()).toContain('m.call.pong');
    expect(trunk.typesSaid()).not.toContain('org.weir.trunk.data');
    trunk.unacknowledged = 0;
    trunk.events.acknowledged();
    expect(trunk.typesSaid().at(-1)).toBe('org.weir.trunk.data');
  });

  it('is metered while it has media', async () => {
    await east.open();
    expect(east.focus.trunkTraffic()).toEqual([]);
    await east.clock.pass(6_000);
    expect(east.focus.trunkTraffic()).toMatchObject([{ peer: WEST, traffic: { tracksSent: 0 } }]);
    await east.leave(ANN);
    expect(east.focus.trunkTraffic()).toEqual([]);
  });

  it('that floods is ended, and nobody who is here', async () => {
    const trunk = await east.open();
    for (let index = 0; index < 20_000; index++) trunk.events.frame('garbage');
    await east.clock.pass(10);
    expect(trunk.closedFor).toBe('WEIR_OVERLOADED');
    expect(east.focus.counts()).toMatchObject({ present: 1, trunks: 0 });
  });
});

function metadataOf({ sender, deviceId }: Envelope): string {
  const stream = { user_id: sender, device_id: deviceId, purpose: 'm.usermedia', tracks: { t: { kind: 'audio' } } };
  return JSON.stringify({
    type: 'm.call.sdp_stream_metadata_changed',
    content: { sdp_stream_metadata: { stream } },
  });
}
