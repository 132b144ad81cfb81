/** Who is let in: the same answer by every door. Who is in already, or was a moment ago, is no newcomer. */
import { WeirError } from '../../signalling/wire/errors.ts';
import { costOf, type Effort, type Traffic } from '../overload/newcomer.ts';
import type { Clock, FullPart, Meters } from '../ports.ts';
import { type ConferenceKey, deviceOf, type SessionKey } from '../session.ts';
import type { ConferenceRunner } from './conference-runner.ts';
import type { OverloadWatch } from './overload-watch.ts';

/** Somebody at a door. */
export interface Caller {
  userId: string;
  deviceId: string;
  /** Announces tracks of its own; where it has not said so yet, it counts as a viewer. */
  publishes: boolean;
}

export interface EntranceWorld {
  clock: Clock;
  meters: Meters;
  /** Conferences at one time, and participants of one. */
  most: { conferences: number; participants: number };
  watch: Pick<OverloadWatch, 'judge' | 'state'>;
  conferences: ReadonlyMap<ConferenceKey, Pick<ConferenceRunner, 'counts' | 'hasDevice' | 'size'>>;
}

/** ms. Who left so lately comes back: a page that is loaded anew, a worker that died, a focus that was restarted. */
const COMES_BACK_WITHIN_MS = 30_000;
/** Devices that are remembered so; beyond, the first one is a newcomer again. */
const MOST_REMEMBERED = 10_000;
/** ms until a newcomer shows in the load. */
const SHOWS_AFTER_MS = 5_000;
/** ms. What flows where is counted no more often: in a large focus that takes its time. */
const COUNTED_EVERY_MS = 2_000;
/** ms. Somebody has to leave first. */
const RETRY_WHEN_FULL_MS = 30_000;

export class Entrance {
  readonly #world: EntranceWorld;
  readonly #left = new Map<string, number>();
  /** What newcomers cost who do not show in the load yet. */
  #promised: { cost: number; at: number }[] = [];
  #count: Counted | undefined;

  constructor(world: EntranceWorld) {
    this.#world = world;
  }

  /** A session ended. */
  left(conference: ConferenceKey, session: SessionKey): void {
    const { userId, deviceId } = deviceOf(session);
    const id = idOf(conference, userId, deviceId);
    this.#left.delete(id);
    this.#left.set(id, this.#world.clock.now());
    if (this.#left.size <= MOST_REMEMBERED) return;
    for (const first of this.#left.keys()) {
      this.#left.delete(first);
      break;
    }
  }

  /** Lets somebody in, or throws WEIR_OVERLOADED, which says what is full. */
  enter(conference: ConferenceKey, caller: Caller): void {
    const cost = this.#admit(conference, caller);
    if (cost > 0) this.#promised.push({ cost, at: this.#world.clock.now() });
  }

  /** Throws as `enter` would now; nobody comes in yet. */
  ask(conference: ConferenceKey, caller: Caller): void {
    this.#admit(conference, caller);
  }

  /** What the newcomer costs, as a share of a core; 0 for who is none. */
  #admit(conference: ConferenceKey, caller: Caller): number {
    const { conferences, most, watch } = this.#world;
    const runner = conferences.get(conference);
    if (runner === undefined && conferences.size >= most.conferences)
      this.#refuse('conferences', `the focus serves ${most.conferences} conferences, and may not serve more`);
    if (runner?.hasDevice(caller.userId, caller.deviceId) === true) return 0;
    const participants = runner?.size ?? 0;
    if (participants >= most.participants)
      this.#refuse('participants', `the conference is full: ${participants} of ${most.participants}`);
    if (this.#wasHere(conference, caller)) return 0;
    const { traffic, effort } = this.#counted();
    const cost = costOf(traffic.get(conference) ?? NO_TRAFFIC, caller.publishes, effort);
    const verdict = watch.judge(conference, cost, this.#promisedNow());
    if (verdict.kind === 'refused') this.#refuse(verdict.full, verdict.message, verdict.retryAfterMs);
    return cost;
  }

  #wasHere(conference: ConferenceKey, { userId, deviceId }: Caller): boolean {
    const at = this.#left.get(idOf(conference, userId, deviceId));
    return at !== undefined && this.#world.clock.now() - at < COMES_BACK_WITHIN_MS;
  }

  #counted(): Counted {
    const { clock, conferences, watch } = this.#world;
    const now = clock.now();
    if (this.#count !== undefined && now - this.#count.at < COUNTED_EVERY_MS) return this.#count;
    const traffic = new Map<ConferenceKey, Traffic>();
    for (const [key, runner] of conferences) {
      const { publishers, forwarded } = runner.counts();
      traffic.set(key, { participants: runner.size, publishers, forwarded });
    }
    const shares = [...watch.state.workers.values()].map(({ share }) => share);
    const effort = {
      forwarded: [...traffic.values()].reduce((sum, { forwarded }) => sum + forwarded, 0),
      load: shares.reduce((sum, share) => sum + share, 0),
    };
    this.#count = { at: now, traffic, effort };
    return this.#count;
  }

  #promisedNow(): number {
    const now = this.#world.clock.now();
    this.#promised = this.#promised.filter(({ at }) => now - at < SHOWS_AFTER_MS);
    return this.#promised.reduce((sum, { cost }) => sum + cost, 0);
  }

  #refuse(full: FullPart, message: string, retryAfterMs = RETRY_WHEN_FULL_MS): never {
    this.#world.meters.noRoom(full);
    throw new WeirError('WEIR_OVERLOADED', message, { retryAfterMs });
  }
}

/** What flows where, as of `at` (ms). */
interface Counted {
  at: number;
  traffic: ReadonlyMap<ConferenceKey, Traffic>;
  effort: Effort;
}

const NO_TRAFFIC: Traffic = { participants: 0, publishers: 0, forwarded: 0 };

function idOf(conference: ConferenceKey, userId: string, deviceId: string): string {
  return JSON.stringify([conference, userId, deviceId]);
}
