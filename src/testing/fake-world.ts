/** Stand-ins for everything around the focus, for tests of its runtime. They record; they decide nothing. */
import type { ToDeviceEvent } from '../../signalling/wire/to-device.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { TrunkDataMessage } from '../../signalling/wire/trunk-data.ts';
import type { TrunkEnd } from '../../signalling/wire/trunk-description.ts';
import { OPEN_TO_ALL, type Permissions } from '../../signalling/wire/permissions.ts';
import type { RoomDirectory } from '../conference/admission.ts';
import type { OverloadLimits } from '../overload/watch.ts';
import type {
  AnsweredOffer,
  Log,
  Media,
  MediaFigures,
  MediaHandles,
  Meters,
  OfferedTrack,
  Peer,
  PeerData,
  PeerEvents,
  Served,
  ProcessLoad,
  ProcessMeter,
  PublishedTrack,
  Signals,
  Store,
  StoredState,
  TrunkTraffic,
  TrunkPeer,
  TrunkPeerData,
  TrunkPeerEvents,
  WorkerShare,
} from '../ports.ts';
import type { ConferenceKey, OpenSession, SessionKey, SubscriptionKey } from '../session.ts';

/** A peer without media: answers what it is asked, remembers what it was told. */
export class FakePeer implements Peer {
  readonly events: PeerEvents;
  readonly told: string[] = [];
  readonly offered: OfferedTrack[][] = [];
  readonly adjusted: { track: SubscriptionKey; served: Served }[] = [];
  readonly watched: boolean[] = [];
  /** What it was asked about application data. */
  readonly askedOfData: string[] = [];
  readonly data: PeerData = notedData(this.askedOfData);
  closed = false;

  readonly #published: PublishedTrack[];

  constructor(events: PeerEvents, published: PublishedTrack[] = []) {
    this.events = events;
    this.#published = published;
  }

  async answer(sdp: string): Promise<AnsweredOffer> {
    if (sdp === 'garbage') throw new WeirError('WEIR_BAD_SDP', 'garbage');
    return { sdp: `answer to ${sdp}`, published: this.#published, refused: [] };
  }

  async offer(tracks: OfferedTrack[]): Promise<{ sdp: string }> {
    this.offered.push(tracks);
    return { sdp: `offer ${this.offered.length}` };
  }

  async accept(): Promise<void> {}

  async adjust(track: SubscriptionKey, served: Served): Promise<void> {
    this.adjusted.push({ track, served });
  }

  watchLink(closely: boolean): void {
    this.watched.push(closely);
  }

  sendControl(text: string): boolean {
    this.told.push(text);
    return true;
  }

  close(): void {
    this.closed = true;
  }
}

function notedData(asked: string[]): PeerData {
  return {
    expect: () => asked.push('expect'),
    accept: id => asked.push(`accept ${id}`),
    refuse: id => asked.push(`refuse ${id}`),
    forward: ({ channelId }) => asked.push(`forward ${channelId}`),
    stop: ({ channelId }) => asked.push(`stop ${channelId}`),
  };
}

/** Nothing crosses a trunk. */
export const NO_TRAFFIC: TrunkTraffic = {
  sent: 0,
  received: 0,
  mediaBytesSent: 0,
  mediaBytesReceived: 0,
  lossSent: 0,
  lossReceived: 0,
  roundTripMs: undefined,
  tracksSent: 0,
  tracksReceived: 0,
  layersSent: 0,
};

/** A trunk without media. */
export class FakeTrunkPeer extends FakePeer implements TrunkPeer {
  readonly trunkEvents: TrunkPeerEvents;
  override readonly data: TrunkPeerData = {
    ...notedData(this.askedOfData),
    receive: ({ channelId, label }) => this.askedOfData.push(`receive ${channelId} ${label}`),
    endReceived: id => this.askedOfData.push(`end ${id}`),
    take: messages => this.taken.push(...messages),
  };
  /** Messages of the other focus. */
  readonly taken: TrunkDataMessage[] = [];

  constructor(events: TrunkPeerEvents, published: PublishedTrack[] = []) {
    super(events, published);
    this.trunkEvents = events;
  }

  readonly end: TrunkEnd = {
    ip: '127.0.0.1',
    port: 1,
    srtp: { crypto_suite: 'AEAD_AES_256_GCM', key: `${'A'.repeat(59)}=` },
  };
  readonly connected: TrunkEnd[] = [];

  async connect(far: TrunkEnd): Promise<void> {
    this.connected.push(far);
  }

  async figures(): Promise<TrunkTraffic> {
    return NO_TRAFFIC;
  }
}

export class FakeMedia implements Media {
  readonly peers: { conference: ConferenceKey; session: SessionKey; peer: FakePeer }[] = [];
  readonly trunks: { conference: ConferenceKey; session: SessionKey; peer: FakeTrunkPeer }[] = [];
  /** Of its workers; the first one serves all conferences. */
  loads: readonly number[] = [0];
  /** What sessions publish with their first offer, where it is anything. */
  readonly published = new Map<SessionKey, PublishedTrack[]>();
  /** While set, `open` waits for it. */
  gate: Promise<void> | undefined;

  async open(conference: ConferenceKey, session: SessionKey, events: PeerEvents): Promise<Peer> {
    await this.gate;
    const peer = new FakePeer(events, this.published.get(session));
    this.peers.push({ conference, session, peer });
    return peer;
  }

  async openTrunk(conference: ConferenceKey, session: SessionKey, events: TrunkPeerEvents): Promise<TrunkPeer> {
    await this.gate;
    const peer = new FakeTrunkPeer(events, this.published.get(session));
    this.trunks.push({ conference, session, peer });
    return peer;
  }

  health(): { alive: number; wanted: number; restarts: number } {
    return { alive: 1, wanted: 1, restarts: 0 };
  }

  load(): readonly WorkerShare[] {
    const conferences = [...new Set(this.peers.filter(({ peer }) => !peer.closed).map(({ conference }) => conference))];
    return this.loads.map((share, id) => ({ id, share, conferences: id === 0 ? conferences : [] }));
  }

  placeOf(): number {
    return 0;
  }

  figures(): MediaFigures {
    const workers = this.loads.map((load, index) => ({
      worker: index + 1,
      load,
      routers: 0,
      participants: 0,
      consumers: 0,
    }));
    return { workers, links: 0, pipedTracks: 0 };
  }

  handles(): MediaHandles {
    return {
      router: 0,
      transport: 0,
      producer: 0,
      consumer: 0,
      data_producer: 0,
      data_consumer: 0,
      rtp_observer: 0,
      listener: 0,
    };
  }

  async close(): Promise<void> {}
}

/** A process as busy as a test says. */
export class FakeProcess implements ProcessMeter {
  load: ProcessLoad = { utilization: 0, lagMs: 0 };

  read(): ProcessLoad {
    return this.load;
  }
}

export class FakeSignals implements Signals {
  readonly sent: { userId: string; deviceId: string; event: ToDeviceEvent }[] = [];
  /** While set, every `send` rejects with it. */
  failure: WeirError | undefined;

  async send(userId: string, deviceId: string, event: ToDeviceEvent): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.sent.push({ userId, deviceId, event });
  }

  /** [type, code or reason] of everything sent to a user. */
  to(userId: string): string[] {
    return this.sent.flatMap(({ userId: to, event }) => {
      if (to !== userId) return [];
      const error = event.content['org.weir.error'];
      return [
        typeof error === 'object' && error !== null
          ? `${event.type} ${String(Reflect.get(error, 'code'))}`
          : event.type,
      ];
    });
  }
}

/** Remembers in the order of the calls. */
export class FakeStore implements Store {
  readonly calls: string[] = [];
  failure: WeirError | undefined;

  async load(): Promise<StoredState> {
    return { sync: undefined, sessions: [] };
  }

  async rememberSession(session: OpenSession): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.calls.push(`remember ${session.callId}`);
  }

  async forgetSession(key: SessionKey): Promise<void> {
    this.calls.push(`forget ${key}`);
  }

  async rememberSync(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Rooms as a test lays them out. */
export class FakeRooms implements RoomDirectory {
  readonly joined = new Map<string, Set<string>>();
  readonly calls: { roomId: string; confId: string; terminated: string | undefined }[] = [];

  /** A room with members and a running call. */
  room(roomId: string, confId: string, ...members: string[]): void {
    this.joined.set(roomId, new Set(members));
    this.calls.push({ roomId, confId, terminated: undefined });
  }

  isJoined(roomId: string, userId: string): boolean {
    return this.joined.get(roomId)?.has(userId) ?? false;
  }

  conferencesOf(confId: string): { roomId: string; terminated: string | undefined }[] {
    return this.calls.filter(call => call.confId === confId && this.joined.has(call.roomId));
  }

  permissions: Permissions = OPEN_TO_ALL;

  permissionsOf(): Permissions {
    return this.permissions;
  }

  /** Rooms whose messages are encrypted. */
  readonly encrypted = new Set<string>();

  isEncrypted(roomId: string): boolean {
    return this.encrypted.has(roomId);
  }

  memberDevices(): { userId: string; deviceId: string }[] {
    return [];
  }

  /** Foci of all conferences. */
  foci: ReturnType<RoomDirectory['fociOf']> = [];

  fociOf(): ReturnType<RoomDirectory['fociOf']> {
    return this.foci;
  }
}

/** Counts by name and label. */
export class FakeMeters implements Meters {
  readonly counts = new Map<string, number>();

  invite(outcome: string, code: string): void {
    this.#add(`invite ${outcome} ${code}`);
  }

  noRoom(full: string): void {
    this.#add(`no room: ${full}`);
  }

  error(code: string): void {
    this.#add(`error ${code}`);
  }

  hangup(code: string): void {
    this.#add(`hangup ${code}`);
  }

  negotiation(kind: string): void {
    this.#add(`negotiation ${kind}`);
  }

  joined(): void {
    this.#add('joined');
  }

  dataChannel(outcome: string): void {
    this.#add(`data channel ${outcome}`);
  }

  dataMessages(outcome: string, count: number): void {
    this.#add(`data ${outcome}`, count);
  }

  #add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }
}

/** When the focus of a test has too much to do. */
export const OVERLOAD: OverloadLimits = { worker: { refuseAt: 0.8, shedAt: 0.92 }, lagMs: 250 };

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
