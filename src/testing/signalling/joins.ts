/**
 * What a join takes of Node and the media worker in a running call: the whole runtime and real media, with clients that are said to
 * be connected and publish nothing. Only the homeserver and the network are left out.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ok } from '../../../signalling/wire/parse.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../../conference/state.ts';
import { createMedia } from '../../media/index.ts';
import type { Clock, Media, Peer, PeerEvents, TrunkPeer, TrunkPeerEvents } from '../../ports.ts';
import { Focus } from '../../runtime/focus.ts';
import type { ConferenceKey, SessionKey } from '../../session.ts';
import { FakeMeters, FakeProcess, FakeRooms, FakeSignals, FakeStore, silentLog } from '../fake-world.ts';

export interface JoinFigures {
  participants: number;
  /** ms of CPU of Node and the worker for one join, beyond what the call takes without it. */
  join_cpu_ms: number;
  /** Share of a core that the call takes while nobody comes. */
  idle_cores: number;
  /** To the others, for one join. */
  messages_to_others: number;
  /** µs of a member event of somebody in the call, and of news about all of the room, as before an event named its user. */
  member_event_us: number;
  room_news_us: number;
  /** kB of Node's heap for one participant; null without `--expose-gc`. */
  heap_kb_per_participant: number | null;
}

const ROOM = '!room:example.org';
const JOINS_APART_MS = 60;
const IDLE_MS = 4_000;

const clock: Clock = {
  now: () => Date.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Real media whose clients count as connected once they were answered. */
class ConnectedMedia implements Media {
  readonly #media: Media;
  /** Control messages to clients, by session. */
  readonly told = new Map<SessionKey, number>();

  constructor(media: Media) {
    this.#media = media;
  }

  async open(conference: ConferenceKey, session: SessionKey, events: PeerEvents): Promise<Peer> {
    const peer = await this.#media.open(conference, session, events);
    this.told.set(session, 0);
    return {
      data: peer.data,
      answer: async (sdp, modes) => {
        const answer = await peer.answer(sdp, modes);
        setImmediate(() => {
          events.path('heard');
          events.controlOpen();
        });
        return answer;
      },
      offer: tracks => peer.offer(tracks),
      accept: sdp => peer.accept(sdp),
      adjust: (track, served) => peer.adjust(track, served),
      watchLink: closely => peer.watchLink(closely),
      sendControl: text => {
        if (!text.includes('m.call.ping')) this.told.set(session, (this.told.get(session) ?? 0) + 1);
        return true;
      },
      close: () => peer.close(),
    };
  }

  openTrunk(conference: ConferenceKey, session: SessionKey, events: TrunkPeerEvents): Promise<TrunkPeer> {
    return this.#media.openTrunk(conference, session, events);
  }

  health() {
    return this.#media.health();
  }

  load() {
    return this.#media.load();
  }

  placeOf(conference: ConferenceKey) {
    return this.#media.placeOf(conference);
  }

  figures() {
    return this.#media.figures();
  }

  handles() {
    return this.#media.handles();
  }

  close(): Promise<void> {
    return this.#media.close();
  }
}

/** Rejects where the media worker cannot be started. */
export async function measureJoins(participants: number, joins: number): Promise<JoinFigures> {
  const pids = childPids();
  const media = new ConnectedMedia(
    await createMedia({ workers: 1, listen: [{ ip: '127.0.0.1' }], enableTcp: false, logger: silentLog, clock }),
  );
  const workers = childPids().filter(pid => !pids.includes(pid));
  const rooms = new FakeRooms();
  const names = Array.from({ length: participants + joins }, (_, index) => `@user${index}:example.org`);
  rooms.room(ROOM, 'conf', ...names);
  const signals = new FakeSignals();
  const focus = new Focus({
    media,
    signals,
    store: new FakeStore(),
    clock,
    log: silentLog,
    process: new FakeProcess(),
    overload: undefined,
    meters: new FakeMeters(),
    focus: { userId: '@focus:example.org', deviceId: 'WEIR' },
    timing: DEFAULT_TIMING,
    limits: { ...DEFAULT_LIMITS, participants: names.length },
    rooms,
    bounds: { conferences: 1, invitesPerUserPerMinute: 60, invitePatienceMs: 1_000, waitingInvites: 1 },
    requireEncryption: false,
  });
  try {
    const heapBefore = heapUsed();
    for (const name of names.slice(0, participants)) {
      invite(focus, name);
      if (names.indexOf(name) % 20 === 19) await delay(200);
    }
    const there = (count: number): boolean => focus.counts().present >= count;
    await until(() => there(participants));
    await delay(2_000);
    const heapAfter = heapUsed();
    const idleFrom = performance.now();
    const idleCpu = cpuOf(workers);
    await delay(IDLE_MS);
    const idleCores = (cpuOf(workers) - idleCpu) / (performance.now() - idleFrom);
    const others = [...media.told.keys()];
    const toldBefore = sum(others.map(key => media.told.get(key) ?? 0));
    const from = performance.now();
    const cpu = cpuOf(workers);
    for (const name of names.slice(participants)) {
      invite(focus, name);
      await delay(JOINS_APART_MS);
    }
    await until(() => there(participants + joins));
    const spent = cpuOf(workers) - cpu - idleCores * (performance.now() - from);
    const [someone = ''] = names;
    return {
      participants,
      member_event_us: timeOf(() => focus.roomsChanged(new Map([[ROOM, new Set([someone])]]))),
      room_news_us: timeOf(() => focus.roomsChanged('all')),
      join_cpu_ms: rounded(spent / joins),
      idle_cores: rounded(idleCores),
      messages_to_others: rounded((sum(others.map(key => media.told.get(key) ?? 0)) - toldBefore) / joins),
      heap_kb_per_participant:
        heapBefore === undefined || heapAfter === undefined
          ? null
          : rounded((heapAfter - heapBefore) / participants / 1_024),
    };
  } finally {
    await focus.stop();
    await media.close();
  }
}

/** µs, of many. */
function timeOf(work: () => void): number {
  const TIMES = 200;
  const from = performance.now();
  for (let turn = 0; turn < TIMES; turn += 1) work();
  return rounded(((performance.now() - from) * 1_000) / TIMES);
}

function invite(focus: Focus, sender: string): void {
  const from = { sender, deviceId: 'DEV', sessionId: 's', callId: `call of ${sender}`, confId: 'conf' };
  const value = {
    kind: 'invite' as const,
    from,
    sdp: OFFER,
    metadata: {},
    lifetimeMs: 60_000,
    earlyOffer: true,
    takesChanges: true,
  };
  focus.take({ parsed: ok(value), replyTo: undefined, lateMs: 0 });
}

/** ms of CPU since the start, of Node and the workers. */
function cpuOf(workers: readonly string[]): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + sum(workers.map(cpuOfProcess));
}

/** From proc(5), in ms: ticks are a hundredth of a second. */
function cpuOfProcess(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function childPids(): string[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  return children.split(' ').filter(pid => pid !== '');
}

/** Bytes in use after a collection; `undefined` where Node was started without `--expose-gc`. */
export function heapUsed(): number | undefined {
  if (globalThis.gc === undefined) return undefined;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('the clients are not in the call after two minutes');
    await delay(20);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** Of a stack with data channels alone. */
const OFFER = `${[
  'v=0',
  'o=rtc 1 0 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=setup:actpass',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuv',
  `a=fingerprint:sha-256 ${Array<string>(32).fill('AB').join(':')}`,
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=sctp-port:5000',
  'a=max-message-size:262144',
].join('\r\n')}\r\n`;
