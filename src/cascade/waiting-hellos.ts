/** Hellos that are ahead of the room's state, or of a conference here: they wait, though not for long. */
import type { TrunkHello } from '../../signalling/wire/trunk.ts';
import type { Clock } from '../ports.ts';

/** How long a hello waits, ms. */
export const HELLO_PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 250;
const MOST_WAITING = 1_000;
/** Of one focus, whatever it says. */
const MOST_OF_ONE = 16;

export interface HelloQuestions {
  /** What becomes of it now; `wait`: it is to be asked again. It takes the hello where it is `taken`. */
  ask(hello: TrunkHello): 'taken' | 'wait' | 'refused';
  /** Nothing came of it. */
  gaveUp(hello: TrunkHello): void;
}

export class WaitingHellos {
  readonly #clock: Clock;
  readonly #questions: HelloQuestions;
  #waiting: { hello: TrunkHello; until: number }[] = [];
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock, questions: HelloQuestions) {
    this.#clock = clock;
    this.#questions = questions;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** False where too many wait already. */
  add(hello: TrunkHello): boolean {
    const { userId, deviceId } = hello.from;
    const ofOne = this.#waiting.filter(({ hello: { from } }) => from.userId === userId && from.deviceId === deviceId);
    if (this.#waiting.length >= MOST_WAITING || ofOne.length >= MOST_OF_ONE) return false;
    this.#waiting.push({ hello, until: this.#clock.now() + HELLO_PATIENCE_MS });
    this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#tick());
    return true;
  }

  /** Asks about all that wait: something has changed. */
  look(): void {
    const now = this.#clock.now();
    const asked = this.#waiting;
    // Whoever is asked may add some.
    this.#waiting = [];
    const still = asked.filter(({ hello, until }) => {
      const answer = this.#questions.ask(hello);
      if (answer === 'taken') return false;
      if (answer === 'wait' && until > now) return true;
      this.#questions.gaveUp(hello);
      return false;
    });
    this.#waiting = [...still, ...this.#waiting];
  }

  close(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #tick(): void {
    this.#timer = undefined;
    this.look();
    if (this.#waiting.length > 0) this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#tick());
  }
}
