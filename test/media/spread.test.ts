/** A conference on several workers: nothing of it may show at its clients. */
import { observer, type types } from 'mediasoup';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOf } from '../../loadtest/peers/endpoint.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { DEFAULT_SPREAD } from '../../src/media/routers/placement.ts';
import type { Media, OfferedTrack, Peer } from '../../src/ports.ts';
import type { ConferenceKey, SessionKey } from '../../src/session.ts';
import { eventually, newConference, offered, openPeer, type PeerLog, serve, startMedia } from './harness.ts';

/** Everybody goes to the least busy worker: the first to the first, the second to the second. */
const SPREAD = { ...DEFAULT_SPREAD, load: 0 };
/** Packets that tell that a track flows. */
const FLOWS = 8;

/** A peer without a browser, and its twin in the focus. */
class Participant {
  readonly name: string;
  readonly endpoint: DatachannelEndpoint;
  readonly peer: Peer;
  readonly log: PeerLog;
  readonly session: SessionKey;
  readonly #packets = new Map<string, number>();
  tracks: OfferedTrack[] = [];

  constructor(
    name: string,
    opened: { peer: Peer; log: PeerLog; session: SessionKey },
    media: 'light' | 'recorded' = 'light',
  ) {
    this.name = name;
    ({ peer: this.peer, log: this.log, session: this.session } = opened);
    this.endpoint = new DatachannelEndpoint(
      {
        control: () => undefined,
        controlOpen: () => undefined,
        controlClosed: () => undefined,
        packet: track => this.#packets.set(keyOf(track), (this.#packets.get(keyOf(track)) ?? 0) + 1),
      },
      { media },
    );
  }

  async publish(): Promise<void> {
    for (const kind of ['audio', 'video'] as const) {
      this.endpoint.send({ kind, streamId: this.name, trackId: `${this.name}-${kind}`, direction: 'sendonly' });
    }
    const answered = await this.peer.answer(await this.endpoint.offer());
    await this.endpoint.takeAnswer(answered.sdp);
    this.tracks = answered.published.map(({ ref, kind }) =>
      offered(ref, this.session, kind === 'video' ? 0 : undefined),
    );
    await eventually('control channel', () => this.log.controlOpen === 1);
  }

  async receive(tracks: OfferedTrack[]): Promise<void> {
    const { sdp } = await this.peer.offer(tracks);
    await this.peer.accept(await this.endpoint.answer(sdp));
  }

  /** Resolves once a good number of packets more have come of each track. */
  async hears(tracks: readonly OfferedTrack[], timeoutMs?: number): Promise<void> {
    const before = new Map(this.#packets);
    const missing = (): string[] =>
      tracks.flatMap(({ ref }) => {
        const key = keyOf(ref);
        return (this.#packets.get(key) ?? 0) >= (before.get(key) ?? 0) + FLOWS ? [] : ref.trackId;
      });
    await eventually(
      () => `${this.name} receives ${missing().join(' ')}`,
      () => missing().length === 0,
      timeoutMs,
    );
  }

  close(): void {
    this.endpoint.close();
    this.peer.close();
  }
}

describe('a conference on several workers', () => {
  const all: types.Worker[] = [];
  /** Those in use, in the order in which they came into use: which one is taken depends on how busy they are. */
  const workers: types.Worker[] = [];
  const open: Participant[] = [];
  let media: Media | undefined;
  let conference: ConferenceKey;

  beforeEach(() => {
    all.length = 0;
    workers.length = 0;
    observer.on('newworker', worker => {
      all.push(worker);
      worker.observer.once('newrouter', () => workers.push(worker));
    });
    conference = newConference();
  });

  afterEach(async () => {
    for (const participant of open.splice(0)) participant.close();
    await media?.close();
    observer.removeAllListeners('newworker');
  });

  async function start(count: number): Promise<Media> {
    media = await startMedia({ workers: count, spread: SPREAD });
    return media;
  }

  async function join(name: string, sends: 'light' | 'recorded' = 'light'): Promise<Participant> {
    if (media === undefined) throw new Error('no media');
    const participant = new Participant(name, await openPeer(media, conference, name), sends);
    open.push(participant);
    await participant.publish();
    return participant;
  }

  const participantsOf = (): number[] => (media?.figures().workers ?? []).map(({ participants }) => participants);
  /** Routers, transports and all they hold, as the worker itself counts them. */
  const handlers = async (worker: types.Worker): Promise<number> =>
    (await worker.dump()).channelMessageHandlers.channelRequestHandlers.length;

  it('shares out its participants, and joins routers only where a track crosses', async () => {
    const started = await start(2);
    const alice = await join('alice');
    const bob = await join('bob');
    expect(participantsOf()).toEqual([1, 1]);
    // Who speaks is told by all voices together, so these cross at once; pictures do not.
    await eventually('crossing voice', () => started.figures().pipedTracks === 1);
    expect(started.figures().links).toBe(1);
    await bob.receive(alice.tracks);
    await alice.receive(bob.tracks);
    await Promise.all([alice.hears(bob.tracks), bob.hears(alice.tracks)]);
    expect(started.figures()).toMatchObject({ links: 1, pipedTracks: 4 });
  });

  it('pipes a track once, however many watch it on the other worker', async () => {
    const started = await start(2);
    const alice = await join('alice');
    await join('bob');
    await join('carol');
    const dave = await join('dave');
    const [, bob] = open;
    if (bob === undefined) throw new Error('bob is missing');
    expect(participantsOf()).toEqual([2, 2]);
    await bob.receive(alice.tracks);
    await dave.receive(alice.tracks);
    await Promise.all([bob.hears(alice.tracks), dave.hears(alice.tracks)]);
    // The picture and the voice of alice, and the voices of bob and dave for who compares them.
    expect(started.figures()).toMatchObject({ links: 1, pipedTracks: 4 });
  });

  it('ends tracks with their publisher, also those that crossed', async () => {
    const started = await start(2);
    const alice = await join('alice');
    const bob = await join('bob');
    await bob.receive(alice.tracks);
    await bob.hears(alice.tracks);
    alice.close();
    await eventually('end of the pipes', () => started.figures().pipedTracks === 0);
    expect(started.figures().links).toBe(0);
    // Nothing of alice is left to be offered.
    const { sdp } = await bob.peer.offer(alice.tracks);
    expect(sdp.match(/a=inactive/g)).toHaveLength(2);
  });

  it('leaves nothing behind on a worker that nobody of it is on any more', async () => {
    const started = await start(2);
    const empty = new Map(await Promise.all(all.map(async worker => [worker, await handlers(worker)] as const)));
    const alice = await join('alice');
    const bob = await join('bob');
    await bob.receive(alice.tracks);
    await alice.receive(bob.tracks);
    await Promise.all([alice.hears(bob.tracks), bob.hears(alice.tracks)]);
    const [first, second] = workers;
    if (first === undefined || second === undefined) throw new Error('no workers');
    bob.close();
    await eventually('empty worker', async () => (await handlers(second)) === empty.get(second));
    expect((await second.dump()).routerIds).toEqual([]);
    // What is left of alice is as if she had always been alone.
    const { routers, consumers } = started.figures().workers.find(({ participants }) => participants > 0) ?? {};
    expect({ routers, consumers }).toEqual({ routers: 1, consumers: 0 });
    alice.close();
    await eventually('empty worker', async () => (await handlers(first)) === empty.get(first));
  });

  it('takes newcomers on its first worker again once that has room', async () => {
    media = await startMedia({ workers: 2, spread: { load: 0.9, consumers: 3 } });
    const alice = await join('alice');
    const bob = await join('bob');
    expect(participantsOf()).toEqual([2, 0]);
    await alice.receive(bob.tracks);
    await bob.receive(alice.tracks);
    await join('carol');
    expect(participantsOf()).toEqual([2, 1]);
    bob.close();
    await eventually('room', () => (media?.figures().workers[0]?.consumers ?? 9) < 2);
    await join('dave');
    expect(participantsOf()).toEqual([2, 1]);
  });

  it.each([
    ['where it began', 0],
    ['that it took later', 1],
  ])(
    'loses a dead worker %s with its participants alone: the others go on, and who comes back is served',
    async (_, dead) => {
      const started = await start(3);
      const everybody = [await join('alice'), await join('bob'), await join('carol')];
      expect(participantsOf()).toEqual([1, 1, 1]);
      const others = (one: Participant): OfferedTrack[] =>
        everybody.filter(each => each !== one).flatMap(({ tracks }) => tracks);
      for (const one of everybody) await one.receive(others(one));
      await Promise.all(everybody.map(one => one.hears(others(one))));

      const victim = everybody[dead];
      const pid = workers[dead]?.pid;
      if (victim === undefined || pid === undefined) throw new Error('no victim');
      process.kill(pid, 'SIGKILL');
      await eventually('death', () => victim.log.failed.length > 0);
      expect(victim.log.failed).toEqual(['WEIR_WORKER_DIED']);
      const survivors = everybody.filter(one => one !== victim);
      const [one, other] = survivors;
      if (one === undefined || other === undefined) throw new Error('nobody survived');
      await Promise.all([one.hears(other.tracks), other.hears(one.tracks)]);
      expect(survivors.flatMap(({ log }) => log.failed)).toEqual([]);

      victim.close();
      const again = await join('back');
      await again.receive(survivors.flatMap(({ tracks }) => tracks));
      for (const each of survivors) await each.receive([...again.tracks, ...(each === one ? other : one).tracks]);
      await Promise.all([
        again.hears(survivors.flatMap(({ tracks }) => tracks)),
        ...survivors.map(each => each.hears(again.tracks)),
      ]);
      await eventually('replacement', () => started.health().alive === 3);
    },
  );

  it('tells who speaks among all of them, also after the worker on which they were compared died', async () => {
    await start(2);
    await join('alice', 'recorded');
    const bob = await join('bob', 'recorded');
    const spoke = async (...logs: PeerLog[]): Promise<void> => {
      await eventually('a speaker', () => logs.some(({ dominant }) => dominant.length > 0));
    };
    const [alice] = open;
    const pid = workers[0]?.pid;
    if (alice === undefined || pid === undefined) throw new Error('alice is missing');
    await spoke(alice.log, bob.log);
    bob.log.dominant.length = 0;
    process.kill(pid, 'SIGKILL');
    await eventually('death', () => alice.log.failed.length > 0);
    await spoke(bob.log);
  });

  it('carries layers, and lets each viewer have its own', async () => {
    await start(2);
    const alice = await join('alice', 'recorded');
    const bob = await join('bob', 'recorded');
    const video = alice.tracks.find(({ layer }) => layer !== undefined);
    if (video === undefined) throw new Error('no video');
    await bob.receive([video]);
    for (const layer of [2, 0, 1, 2]) {
      await serve(bob.peer, video.ref, layer);
      await eventually(`layer ${layer}`, () => bob.log.shown.at(-1) === layer);
      await bob.hears([video]);
    }
    expect(bob.log.estimates.at(-1)).toBeGreaterThan(0);
  });

  it('lets a picture that nobody wants stand still, and brings it back', async () => {
    const started = await start(2);
    const alice = await join('alice');
    const bob = await join('bob');
    const video = alice.tracks.find(({ layer }) => layer !== undefined);
    if (video === undefined) throw new Error('no video');
    await bob.receive([video]);
    await bob.hears([video]);
    await serve(bob.peer, video.ref, 0, true);
    await serve(bob.peer, video.ref, 0);
    await bob.hears([video]);
    await bob.receive([]);
    await eventually('end of its pipe', () => started.figures().pipedTracks === 1);
    await bob.receive([video]);
    await bob.hears([video]);
  });
});
