/** Application data of one publisher to fifty receivers, while another one sends more than it may. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DataChannel } from 'node-datachannel';
import type { Call } from '../../demo/check/call.ts';
import type { Deployment } from '../../demo/deployment.ts';
import { FOCUS_DEVICE_ID } from '../../demo/site.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { type ApplicationData, figuresOf, type OverLimit, RECEIVERS, type SentData } from './app-data-figures.ts';
import { PROBE, writeMessage } from './app-data-message.ts';
import { DataPeer, LABELS } from './app-data-peer.ts';
import { Receivers } from './app-data-receivers.ts';

type Place = Pick<Call, 'progress' | 'signal'> & { deployment: Deployment };

const LOSSY = { unordered: true, maxRetransmits: 0 };
/** ms between two positions, and between two events. */
const POSITION_EVERY_MS = 50;
const EVENT_EVERY_MS = 100;
const MESSAGE_BYTES = 100;
/** ms before, while and after the limits are gone over; then all that is on its way arrives. */
const CALM_MS = 8_000;
const GRACE_MS = 3_000;
const ENDS_WITHIN_MS = 90_000;
const OPENS_WITHIN_MS = 45_000;
const TOLD_WITHIN_MS = 5_000;
const POLL_MS = 100;
/** bytes of the largest message, as the focus is configured unless told otherwise. */
const MOST_BYTES = 65_536;
/** Messages in `SENT_WITHIN_MS`: more than twice as many as are taken, and not so many at once that the socket of the focus overflows. */
const TOO_MANY = 2_000;
const SENT_WITHIN_MS = 2_000;
const BURSTS = 100;
const WATCHERS = 5;
/** Of whom each has many devices: registrations are slow. */
const USERS = 4;

/** Rejects where it cannot be measured; takes 90 s at most. */
export async function measureApplicationData(place: Place): Promise<ApplicationData> {
  const { deployment, progress } = place;
  const signal = AbortSignal.any([place.signal, AbortSignal.timeout(ENDS_WITHIN_MS)]);
  const { synapse, focus, room } = deployment;
  progress.tell('log the participants in');
  const [publisherUser, excessiveUser, ...users] = await devices(deployment, RECEIVERS + 2);
  if (publisherUser === undefined || excessiveUser === undefined) throw new RangeError('two users are needed');
  const where = {
    baseUrl: synapse.baseUrl,
    room,
    focus: { userId: focus.user.userId, deviceId: FOCUS_DEVICE_ID },
  };
  await using owned = new AsyncDisposableStack();
  const join = async (user: MatrixUser): Promise<DataPeer> => {
    const data = new DataPeer(where, user);
    owned.defer(() => data.peer.leave());
    await data.peer.join();
    await until('a publisher is in the call', signal, OPENS_WITHIN_MS, () => data.failure() ?? data.peer.hasControl());
    return data;
  };
  progress.tell(`${RECEIVERS} receivers join`);
  const receivers = owned.use(new Receivers({ ...where, users, watchers: WATCHERS }));
  const [publisher, excessive] = await Promise.all([join(publisherUser), join(excessiveUser)]);
  const reliable = publisher.open(LABELS.reliable);
  const lossy = publisher.open(LABELS.lossy, LOSSY);
  await until('all hear both channels', signal, OPENS_WITHIN_MS, () => {
    if (receivers.failure !== undefined) throw new Error(receivers.failure);
    probe(reliable, lossy);
    const counts = [LABELS.reliable, LABELS.lossy].map(label => receivers.heardOn(label));
    return counts.every(count => count === RECEIVERS) || counts.join(' and ');
  });

  progress.tell('positions and events flow');
  using stream = new Stream(reliable, lossy);
  await delay(CALM_MS, undefined, { signal });
  progress.tell('another one goes over the limits');
  const from = stream.lossyCount;
  const overLimit = await goOverLimits(excessive, receivers, signal);
  await delay(CALM_MS / 2, undefined, { signal });
  const to = stream.lossyCount;
  await delay(CALM_MS / 2, undefined, { signal });
  const sent: SentData = { ...stream.stop(), whileOverLimit: { from, to } };
  await delay(GRACE_MS, undefined, { signal });
  return figuresOf(sent, await receivers.received(), overLimit);
}

/** Says something on channels that are open: a channel is one once something comes of it. */
function probe(...channels: readonly DataChannel[]): void {
  for (const channel of channels) if (channel.isOpen()) channel.sendMessageBinary(writeMessage(PROBE, MESSAGE_BYTES));
}

/** Positions and events, numbered, until it is stopped. */
class Stream {
  readonly #timers: NodeJS.Timeout[];
  readonly #counts = { reliable: 0, lossy: 0 };

  constructor(reliable: DataChannel, lossy: DataChannel) {
    this.#timers = [
      setInterval(
        () => reliable.sendMessageBinary(writeMessage(this.#counts.reliable++, MESSAGE_BYTES)),
        EVENT_EVERY_MS,
      ),
      setInterval(() => lossy.sendMessageBinary(writeMessage(this.#counts.lossy++, MESSAGE_BYTES)), POSITION_EVERY_MS),
    ];
  }

  get lossyCount(): number {
    return this.#counts.lossy;
  }

  stop(): { reliable: number; lossy: number } {
    this[Symbol.dispose]();
    return { ...this.#counts };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

/** A message that is too large on a reliable channel, then too many on a lossy one. */
async function goOverLimits(excessive: DataPeer, receivers: Receivers, signal: AbortSignal): Promise<OverLimit> {
  const told = async (what: string): Promise<string[]> => {
    await until(`who sends ${what} is told`, signal, TOLD_WITHIN_MS, () => excessive.codes().length > 0).catch(() => {
      signal.throwIfAborted();
    });
    const codes = excessive.codes();
    excessive.forgetErrors();
    return codes;
  };
  const opened = async (options?: typeof LOSSY): Promise<DataChannel> => {
    const before = receivers.heardOn(LABELS.excess);
    const channel = excessive.open(LABELS.excess, options);
    await until('some hear its channel', signal, TOLD_WITHIN_MS, () => {
      probe(channel);
      return receivers.heardOn(LABELS.excess) === before + WATCHERS;
    });
    return channel;
  };
  excessive.forgetErrors();
  const large = await opened();
  large.sendMessageBinary(Buffer.alloc(MOST_BYTES + 1));
  const size = await told('too large a message');
  const isClosed = await until('its channel is closed', signal, TOLD_WITHIN_MS, () => !large.isOpen()).then(
    () => true,
    () => false,
  );
  const many = await opened(LOSSY);
  for (let burst = 0; burst < BURSTS; burst += 1) {
    for (let count = 0; count < TOO_MANY / BURSTS; count += 1) many.sendMessageBinary(Buffer.alloc(MESSAGE_BYTES));
    await delay(SENT_WITHIN_MS / BURSTS, undefined, { signal });
  }
  const rate = await told('too many messages');
  return { codes: { size, rate }, isClosed, sent: TOO_MANY, mostBytes: MOST_BYTES };
}

/** So many devices of a few users of the room. */
async function devices(deployment: Deployment, count: number): Promise<MatrixUser[]> {
  const each = Math.ceil(count / USERS);
  const all = Array.from({ length: USERS }, async (_, index) => {
    const user = await deployment.addUser(`world${index + 1}`);
    const own = [user];
    while (own.length < each) own.push(await deployment.synapse.login(user));
    return own;
  });
  return (await Promise.all(all)).flat().slice(0, count);
}

/** Rejects after `withinMs` with what `holds` said last, or when aborted. */
async function until(
  what: string,
  signal: AbortSignal,
  withinMs: number,
  holds: () => boolean | string,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let state = holds(); state !== true; state = holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what} (${String(state)})`);
    await delay(POLL_MS, undefined, { signal });
  }
}
