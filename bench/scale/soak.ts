/** People come and go for long: what the focus holds grows by nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../../demo/check/progress.ts';
import type { MatrixDevice } from '../../loadtest/peers/call-place.ts';
import { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { participantsOf, readMetrics } from './focus-metrics.ts';
import { Viewer } from './load/crowd.ts';
import type { PeerStack } from '../../loadtest/peers/reporting-endpoint.ts';
import type { CallPlace, ScalePlace } from './place.ts';
import { residentOf } from './process-clock.ts';
import { growthOf, handlesIn, leakedIn, type ResidentSample, type SoakFigures, sumOf } from './soak-figures.ts';

export interface SoakOptions {
  minutes: number;
  stack: PeerStack;
  signal: AbortSignal;
  progress: Progress;
  fail: (reason: string) => void;
}

/** Silent sessions end within a wave. */
export const SOAK_CONFIG = {
  media: { ice_consent_timeout_s: 3, resume_window_s: 3 },
  overload: { enabled: false },
};

const CALLS = 3;
const DEVICES = 120;
/** A call lives so long; then all leave, and its router ends. */
const WAVE_MS = 20_000;
const JOIN_EVERY_MS = 400;
/** ms that a viewer stays. */
const STAYS_MS = { least: 1_000, most: 8_000 };
/** One of so many goes without a word. */
const ONE_VANISHES_OF = 4;
const SAMPLE_EVERY_MS = 1_000;
const CONNECTS_WITHIN_MS = 20_000;
const EMPTY_WITHIN_MS = 60_000;
const SETTLES_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 2_000;

/** Rejects where the focus does not get empty, or memory cannot be read. */
export async function soak(place: ScalePlace, options: SoakOptions): Promise<SoakFigures> {
  const { minutes, signal, progress, fail } = options;
  const devices = await place.devices(DEVICES);
  const calls: CallPlace[] = [];
  while (calls.length < CALLS) calls.push(await place.openCall(`Soak ${calls.length}`));
  const churn = new Churn(calls, devices, options.stack, signal);
  // What is made once, at the first call, is there before.
  await churn.wave(WAVE_MS);
  await untilEmpty(place, signal);
  const before = handlesIn(await readMetrics(place.focus.baseUrl));

  const samples: ResidentSample[] = [];
  const processes = await place.processes();
  const began = performance.now();
  const sampling = setInterval(() => {
    const atMs = performance.now() - began;
    residentOf(processes).then(
      resident => samples.push({ atMs, ...resident }),
      () => fail('soak: memory cannot be read'),
    );
  }, SAMPLE_EVERY_MS);
  try {
    for (let told = 0; performance.now() - began < minutes * 60_000; ) {
      await churn.wave(Math.min(WAVE_MS, minutes * 60_000 - (performance.now() - began)));
      place.checkAlive();
      const passed = Math.floor((performance.now() - began) / 60_000);
      if (passed === told) continue;
      told = passed;
      const { node = 0, worker = 0 } = samples.at(-1) ?? {};
      progress.tell(`${passed} min: ${churn.joins} joins; Node ${toMb(node)} MB, worker ${toMb(worker)} MB`);
    }
  } finally {
    clearInterval(sampling);
  }
  await untilEmpty(place, signal);
  const after = await afterwards(place, before, signal);
  if (churn.failed > churn.joins / 100) fail(`soak: ${churn.failed} joins failed, ${churn.joins} came to their end`);
  const growth = growthOf(minutes, samples);
  if (growth === undefined) throw new Error('no memory was read');
  return { minutes, joins: churn.joins, ...growth, samples, before, after };
}

/** Waves of a publisher and those who look in on it, one call after the other. */
class Churn {
  joins = 0;
  failed = 0;
  readonly #calls: readonly CallPlace[];
  readonly #devices: readonly MatrixDevice[];
  readonly #stack: PeerStack;
  readonly #signal: AbortSignal;
  #turn = 0;
  #nextDevice = 0;

  constructor(calls: readonly CallPlace[], devices: readonly MatrixDevice[], stack: PeerStack, signal: AbortSignal) {
    this.#calls = calls;
    this.#devices = devices;
    this.#stack = stack;
    this.#signal = signal;
  }

  /** Resolves when all who did not vanish have left. */
  async wave(lastsMs: number): Promise<void> {
    this.#signal.throwIfAborted();
    const call = this.#calls[this.#turn % this.#calls.length];
    this.#turn += 1;
    if (call === undefined) throw new RangeError('a call is needed');
    const publisher = new LightPeer({
      ...call,
      user: this.#device(),
      subscribe: 'nothing',
      unlisted: true,
      namesRoom: true,
    });
    await publisher.join();
    await until('the publisher is connected', CONNECTS_WITHIN_MS, () => publisher.isConnected());
    this.joins += 1;
    const stays: Promise<void>[] = [];
    const ends = performance.now() + lastsMs;
    for (let count = 0; performance.now() < ends; count += 1) {
      stays.push(this.#stay(call, publisher, count % ONE_VANISHES_OF === 0));
      await delay(JOIN_EVERY_MS, undefined, { signal: this.#signal });
    }
    await Promise.all(stays);
    await publisher.leave();
  }

  /** Never rejects. */
  async #stay(call: CallPlace, publisher: LightPeer, vanishes: boolean): Promise<void> {
    const viewer = new Viewer(call, this.#device(), this.#stack);
    try {
      await viewer.join(publisher);
      this.joins += 1;
      const { least, most } = STAYS_MS;
      await delay(least + Math.random() * (most - least), undefined, { signal: this.#signal });
    } catch {
      if (!this.#signal.aborted) this.failed += 1;
    } finally {
      // A homeserver that is away ends the call for it as well.
      const gone = vanishes ? viewer.peer.vanish() : viewer.peer.leave().catch(() => viewer.peer.vanish());
      await gone.catch(() => undefined);
    }
  }

  #device(): MatrixDevice {
    const device = this.#devices[this.#nextDevice % this.#devices.length];
    this.#nextDevice += 1;
    if (device === undefined) throw new RangeError('devices are needed');
    return device;
  }
}

/** Also those who went without a word. */
async function untilEmpty(place: ScalePlace, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + EMPTY_WITHIN_MS;
  while (participantsOf(await readMetrics(place.focus.baseUrl)) > 0) {
    if (performance.now() > deadline)
      throw new Error(`somebody was in the call ${EMPTY_WITHIN_MS / 1_000} s after all had left`);
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** A request under way has a timer: so that look of several at which the least is more than before. */
async function afterwards(
  place: ScalePlace,
  before: Record<string, number>,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const look = async (): Promise<Record<string, number>> => handlesIn(await readMetrics(place.focus.baseUrl));
  const deadline = performance.now() + SETTLES_WITHIN_MS;
  let best = await look();
  while (sumOf(leakedIn({ before, after: best })) > 0 && performance.now() < deadline) {
    await delay(LOOK_EVERY_MS, undefined, { signal });
    const after = await look();
    if (sumOf(leakedIn({ before, after })) < sumOf(leakedIn({ before, after: best }))) best = after;
  }
  return best;
}

function toMb(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
