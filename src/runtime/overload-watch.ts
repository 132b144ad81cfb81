/** Looks every second how much the focus has to do, and says so: to the log, to conferences, to who asks. */
import { type Level, videoShareOf } from '../overload/level.ts';
import { judgeNewcomer, type Verdict } from '../overload/newcomer.ts';
import {
  changesBetween,
  type LevelChange,
  NOTHING_MEASURED,
  type OverloadLimits,
  type OverloadState,
  shareFor,
  watch,
} from '../overload/watch.ts';
import type { Clock, Log, Media, ProcessMeter } from '../ports.ts';
import type { ConferenceKey } from '../session.ts';

const LOOK_EVERY_MS = 1_000;

export interface OverloadWorld {
  media: Media;
  process: ProcessMeter;
  clock: Clock;
  log: Log;
  /** `undefined`: it is only looked, nothing follows. */
  overload: OverloadLimits | undefined;
}

export class OverloadWatch {
  readonly #world: OverloadWorld;
  readonly #waiting: () => number;
  readonly #looked: () => void;
  #state: OverloadState = NOTHING_MEASURED;
  #timer: { cancel(): void } | undefined;

  /** @param waiting inputs in mailboxes @param looked called after each look */
  constructor(world: OverloadWorld, waiting: () => number, looked: () => void) {
    this.#world = world;
    this.#waiting = waiting;
    this.#looked = looked;
    this.#lookLater();
  }

  get state(): OverloadState {
    return this.#state;
  }

  /** The share of their video that the viewers of the conference get, 0 to 1. */
  videoShare(conference: ConferenceKey): number {
    return shareFor(this.#state, conference);
  }

  /** See `judgeNewcomer`. */
  judge(conference: ConferenceKey, cost: number, promised: number): Verdict {
    const { overload, media } = this.#world;
    if (overload === undefined) return { kind: 'welcome', cost };
    return judgeNewcomer(this.#state, overload, media.placeOf(conference), cost, promised);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #lookLater(): void {
    this.#timer = this.#world.clock.after(LOOK_EVERY_MS, () => {
      this.#lookLater();
      this.#look();
    });
  }

  #look(): void {
    const { media, process, clock, log, overload } = this.#world;
    const measured = { workers: media.load(), process: process.read(), mailbox: this.#waiting() };
    const before = this.#state;
    this.#state = watch(before, measured, overload ?? NO_LIMITS, clock.now());
    for (const change of changesBetween(before, this.#state)) this.#tell(log, change);
    this.#looked();
  }

  #tell(log: Log, { part, from, to, load }: LevelChange): void {
    const fields = {
      ...(part === 'process' ? { part, lagMs: Math.round(this.#state.lagMs) } : { part: 'worker', pid: part }),
      load: Math.round(load * 100) / 100,
      level: to.kind,
      before: from.kind,
      videoShare: Math.round(videoShareOf(to) * 100) / 100,
    };
    // What a person may have to act on stands out; steps on the way back do not.
    if (isWorse(from, to)) log.warn(fields, 'the focus has too much to do');
    else log.info(fields, to.kind === 'calm' ? 'the focus is calm again' : 'the focus has less to do');
  }
}

const NO_LIMITS: OverloadLimits = {
  worker: { refuseAt: Number.POSITIVE_INFINITY, shedAt: Number.POSITIVE_INFINITY },
  lagMs: Number.POSITIVE_INFINITY,
};

function isWorse(from: Level, to: Level): boolean {
  return from.kind === 'calm' || videoShareOf(to) < videoShareOf(from);
}
