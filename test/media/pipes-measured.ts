/**
 * What a pipe costs: CPU of the workers, and the time to the first picture, on one worker and across two. Run by hand on a machine
 * that does nothing else: `node test/media/pipes-measured.ts [viewers] [publishers] [seconds]`
 */
import { setTimeout as delay } from 'node:timers/promises';
import { observer, type types } from 'mediasoup';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import type { Media, OfferedTrack, Peer } from '../../src/ports.ts';
import type { ConferenceKey, SessionKey } from '../../src/session.ts';
import { eventually, newConference, offered, openPeer, startMedia } from './harness.ts';

const [viewerCount = 10, publisherCount = 1, seconds = 8] = process.argv.slice(2).map(Number);
/** Highest of the recorded camera. */
const LAYER = 2;
/** ms after which every layer is trusted by the worker. */
const SETTLED_MS = 4_000;
/** Looks at the first picture. */
const ROUNDS = 5;

const workers: types.Worker[] = [];
observer.on('newworker', worker => workers.push(worker));

class Load {
  readonly peer: Peer;
  readonly endpoint: DatachannelEndpoint;
  readonly session: SessionKey;
  tracks: OfferedTrack[] = [];
  /** When the first packet of a video came, by its track id; by the monotonic clock, in ms. */
  readonly firstAt = new Map<string, number>();
  packets = 0;

  constructor(opened: { peer: Peer; session: SessionKey }) {
    ({ peer: this.peer, session: this.session } = opened);
    this.endpoint = new DatachannelEndpoint(
      {
        control: () => undefined,
        controlOpen: () => undefined,
        controlClosed: () => undefined,
        packet: ({ trackId }) => {
          this.packets += 1;
          if (!this.firstAt.has(trackId)) this.firstAt.set(trackId, performance.now());
        },
      },
      { media: 'recorded' },
    );
  }

  static async join(media: Media, conference: ConferenceKey, name: string, publishes: boolean): Promise<Load> {
    const { peer, session, log } = await openPeer(media, conference, name);
    const load = new Load({ peer, session });
    if (publishes)
      for (const kind of ['audio', 'video'] as const)
        load.endpoint.send({ kind, streamId: name, trackId: `${name}-${kind}`, direction: 'sendonly' });
    const answered = await peer.answer(await load.endpoint.offer());
    await load.endpoint.takeAnswer(answered.sdp);
    await eventually('channel', () => log.controlOpen === 1);
    load.tracks = answered.published.map(({ ref, kind }) =>
      offered(ref, session, kind === 'video' ? LAYER : undefined),
    );
    return load;
  }

  async receive(tracks: OfferedTrack[]): Promise<void> {
    const { sdp } = await this.peer.offer(tracks);
    await this.peer.accept(await this.endpoint.answer(sdp));
  }

  close(): void {
    this.endpoint.close();
    this.peer.close();
  }
}

/** CPU time of a worker, in ms. */
async function cpuOf(worker: types.Worker): Promise<number> {
  const { ru_utime, ru_stime } = await worker.getResourceUsage();
  return ru_utime + ru_stime;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;

/** Publishers on the first worker; viewers there too, or on the second. */
async function measure(across: boolean): Promise<void> {
  workers.length = 0;
  // All publishers on the first; then one elsewhere; then whoever comes to the one beside the first, which is never calm enough.
  const spread = { load: 1, consumers: Number.POSITIVE_INFINITY };
  const media = await startMedia({ workers: 2, spread });
  const conference = newConference();
  const open: Load[] = [];
  const join = async (name: string, publishes: boolean): Promise<Load> => {
    if (across && !publishes) spread.load = media.figures().workers[1]?.participants === 0 ? 0 : 0.2;
    const load = await Load.join(media, conference, name, publishes);
    open.push(load);
    return load;
  };
  for (let count = 0; count < publisherCount; count += 1) await join(`p${count}`, true);
  const tracks = open.flatMap(load => load.tracks);
  await delay(SETTLED_MS);
  // The first viewer there makes the pipe; those after it find it.
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const viewer = await join(`probe${round}`, false);
    const begun = performance.now();
    await viewer.receive(tracks);
    await eventually('a picture', () => [...viewer.firstAt.keys()].some(id => id.endsWith('video')));
    const [first = Number.NaN] = [...viewer.firstAt].flatMap(([id, at]) => (id.endsWith('video') ? at - begun : []));
    times.push(Math.round(first));
    if (round > 0) viewer.close();
    // Keyframes of one encoder are 350 ms apart at least.
    await delay(700);
  }
  for (let count = 0; count < viewerCount; count += 1) {
    const viewer = await join(`v${count}`, false);
    await viewer.receive(tracks);
  }
  await delay(SETTLED_MS);
  const before = await Promise.all(workers.map(cpuOf));
  const packets = open.reduce((sum, load) => sum + load.packets, 0);
  await delay(seconds * 1_000);
  const after = await Promise.all(workers.map(cpuOf));
  const arrived = open.reduce((sum, load) => sum + load.packets, 0) - packets;
  const shares = after.map((cpu, index) => (cpu - (before[index] ?? 0)) / (seconds * 1_000));
  const { links, pipedTracks, workers: figures } = media.figures();
  say(
    `${across ? 'across' : 'on one'}: first picture ms ${times.join(' ')}; workers ${shares.map(percent).join(' and ')}, together ${percent(shares.reduce((sum, each) => sum + each, 0))}; ${Math.round(arrived / seconds)} packets/s arrive; participants ${figures.map(({ participants }) => participants).join(' and ')}, links ${links}, piped tracks ${pipedTracks}`,
  );
  for (const load of open) load.close();
  await media.close();
}

say(`${publisherCount} publishers, ${viewerCount + 1} viewers of all of them, layer ${LAYER}`);
await measure(false);
await measure(true);
process.exit();
