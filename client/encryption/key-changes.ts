/** When our key changes: a step forward for who joins, a new generation when somebody leaves. */
import { LAST_STEP } from '../sframe/key-id.ts';
import type { SharedKey } from '../sframe/sent-keys.ts';
import type { Clock, Timer } from './clock.ts';
import type { OwnKeys } from './own-keys.ts';
import type { SenderId } from './sender-id.ts';

export interface KeyChangesParts {
  clock: Clock;
  keys: OwnKeys;
  /** `key` goes to these, who are to have what comes after it, too. */
  share(key: SharedKey, to: readonly SenderId[]): void;
  /** Our keys are no more. Nothing changes from now on, and nothing is shared. */
  failed(cause: Error): void;
}

/** ms. Those who join within it share a step. */
const JOINS_WITHIN_MS = 50;
/** ms. Those who leave within it share a generation. */
const LEAVES_WITHIN_MS = 500;
/** ms until a generation is used at the latest: who left reads on for so long, or twice, where another one was on its way. */
const HAND_OVER_MS = 2_000;
/** ms from the homeserver's having taken a key until those whom it is for can use it: frames that come before it are lost, and a picture with them. */
const ARRIVES_WITHIN_MS = 1_000;

type State =
  /** Not started. */
  | { readonly kind: 'new' }
  | { readonly kind: 'steady'; readonly current: SharedKey }
  /** The step for `joiners` is being taken. */
  | { readonly kind: 'stepping'; readonly joiners: Set<SenderId> }
  /** The next generation is being made: nobody has it. */
  | { readonly kind: 'making' }
  /** It is on its way, and not used before those in `waitsFor` have it, or time is up. */
  | {
      readonly kind: 'handing_over';
      readonly key: SharedKey;
      readonly waitsFor: Set<SenderId>;
      readonly deadline: Timer;
      /** When that is, ms. */
      readonly until: number;
    }
  /** All have been sent it, and have it in a moment. */
  | { readonly kind: 'arriving'; readonly key: SharedKey; readonly arrived: Timer }
  /** It is being taken into use. */
  | { readonly kind: 'using' }
  /** Closed, or without keys. */
  | { readonly kind: 'over' };

type Wish = { readonly kind: 'none' } | { readonly kind: 'later'; readonly timer: Timer } | { readonly kind: 'due' };

const NONE: Wish = { kind: 'none' };

export class KeyChanges {
  readonly #parts: KeyChangesParts;
  #state: State = { kind: 'new' };
  /** Members that may have our key. */
  readonly #served = new Set<SenderId>();
  /** Members that get the next one, whichever that is. */
  readonly #waiting = new Set<SenderId>();
  #step: Wish = NONE;
  #generation: Wish = NONE;

  constructor(parts: KeyChangesParts) {
    this.#parts = parts;
  }

  get served(): ReadonlySet<SenderId> {
    return this.#served;
  }

  /** With a generation of its own: whoever had our key in an earlier stay has not this one. Those who are here get it at once. */
  start(): void {
    if (this.#state.kind === 'new') this.#run(() => this.#replace());
  }

  joined(ids: readonly SenderId[]): void {
    if (ids.length === 0) return;
    switch (this.#state.kind) {
      case 'over':
        return;
      case 'handing_over':
      case 'arriving':
        // Nothing was encrypted with it before.
        this.#share(this.#state.key, ids);
        return;
      case 'new':
      case 'making':
        for (const id of ids) this.#waiting.add(id);
        return;
      case 'steady':
      case 'stepping':
      case 'using':
        for (const id of ids) this.#waiting.add(id);
        if (this.#step.kind !== 'none') return;
        this.#step = this.#later(JOINS_WITHIN_MS, () => {
          this.#step = { kind: 'due' };
        });
    }
  }

  left(ids: readonly SenderId[]): void {
    let hadOurs = false;
    for (const id of ids) {
      this.#waiting.delete(id);
      if (this.#state.kind === 'stepping') this.#state.joiners.delete(id);
      if (this.#state.kind === 'handing_over') this.#state.waitsFor.delete(id);
      if (this.#served.delete(id)) hadOurs = true;
    }
    if (hadOurs && this.#generation.kind === 'none' && this.#state.kind !== 'over') {
      this.#generation = this.#later(LEAVES_WITHIN_MS, () => {
        this.#generation = { kind: 'due' };
      });
    }
    this.#useOnceAllHaveIt();
  }

  /** A try to give it this key has ended, either way. */
  tried(id: SenderId, key: SharedKey): void {
    if (this.#state.kind !== 'handing_over' || this.#state.key !== key) return;
    this.#state.waitsFor.delete(id);
    this.#useOnceAllHaveIt();
  }

  close(): void {
    if (this.#state.kind === 'handing_over') this.#state.deadline.cancel();
    if (this.#state.kind === 'arriving') this.#state.arrived.cancel();
    this.#state = { kind: 'over' };
    this.#forgetStep();
    this.#forgetGeneration();
    this.#served.clear();
    this.#waiting.clear();
  }

  /** What is due, where nothing else goes on. */
  #advance(): void {
    if (this.#state.kind !== 'steady') return;
    // Whoever it was for is gone again.
    if (this.#step.kind === 'due' && this.#waiting.size === 0) this.#forgetStep();
    const isUsedUp = this.#state.current.step >= LAST_STEP;
    if (this.#generation.kind === 'due' || (this.#step.kind === 'due' && isUsedUp)) this.#run(() => this.#replace());
    else if (this.#step.kind === 'due') this.#run(() => this.#takeStep());
  }

  async #takeStep(): Promise<void> {
    // Who joins from here on gets the step after this one, which may be in use before we hear of it.
    const joiners = new Set(this.#waiting);
    this.#waiting.clear();
    this.#forgetStep();
    this.#state = { kind: 'stepping', joiners };
    const current = await this.#parts.keys.ratchet();
    if (this.#isOver) return;
    this.#state = { kind: 'steady', current };
    this.#share(current, [...joiners]);
    this.#advance();
  }

  async #replace(): Promise<void> {
    const isFirst = this.#state.kind === 'new';
    this.#state = { kind: 'making' };
    const key = await this.#parts.keys.next();
    if (this.#isOver) return;
    // Nobody has it who left before now, and all who joined can have it.
    this.#forgetStep();
    this.#forgetGeneration();
    const everybody = [...this.#served, ...this.#waiting];
    this.#waiting.clear();
    if (isFirst || everybody.length === 0) {
      // Nobody reads what is sent until then: there is nothing to wait for.
      this.#share(key, everybody);
      await this.#use(key);
      return;
    }
    const { clock } = this.#parts;
    const until = clock.now() + HAND_OVER_MS;
    const deadline = clock.after(HAND_OVER_MS, () => this.#run(() => this.#use(key)));
    this.#state = { kind: 'handing_over', key, waitsFor: new Set(everybody), deadline, until };
    this.#share(key, everybody);
    this.#useOnceAllHaveIt();
  }

  #useOnceAllHaveIt(): void {
    const state = this.#state;
    if (state.kind !== 'handing_over' || state.waitsFor.size > 0) return;
    state.deadline.cancel();
    const { key, until } = state;
    const { clock } = this.#parts;
    if (this.#served.size === 0) {
      this.#run(() => this.#use(key));
      return;
    }
    const arrivesMs = Math.min(ARRIVES_WITHIN_MS, Math.max(0, until - clock.now()));
    const arrived = clock.after(arrivesMs, () => this.#run(() => this.#use(key)));
    this.#state = { kind: 'arriving', key, arrived };
  }

  async #use(key: SharedKey): Promise<void> {
    this.#state = { kind: 'using' };
    await this.#parts.keys.use(key);
    if (this.#isOver) return;
    this.#state = { kind: 'steady', current: key };
    this.#advance();
  }

  #share(key: SharedKey, ids: readonly SenderId[]): void {
    for (const id of ids) this.#served.add(id);
    this.#parts.share(key, ids);
  }

  get #isOver(): boolean {
    return this.#state.kind === 'over';
  }

  #later(delayMs: number, due: () => void): Wish {
    const timer = this.#parts.clock.after(delayMs, () => {
      due();
      this.#advance();
    });
    return { kind: 'later', timer };
  }

  #forgetStep(): void {
    if (this.#step.kind === 'later') this.#step.timer.cancel();
    this.#step = NONE;
  }

  #forgetGeneration(): void {
    if (this.#generation.kind === 'later') this.#generation.timer.cancel();
    this.#generation = NONE;
  }

  #run(work: () => Promise<void>): void {
    work().catch((thrown: unknown) => {
      if (this.#isOver) return;
      this.close();
      this.#parts.failed(thrown instanceof Error ? thrown : new Error('Our keys are no more.', { cause: thrown }));
    });
  }
}
