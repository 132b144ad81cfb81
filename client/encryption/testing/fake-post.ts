/** To-device messages of one client, as a homeserver treats them that may be slow, or away. */
import type { Clock } from '../clock.ts';
import type { Device } from '../device.ts';

export type Mood =
  | 'delivers'
  /** Nobody gets it, and the sender is told. */
  | 'fails'
  /** The first of each batch does not get it. */
  | 'misses_one'
  /** All get it, and the sender is never told. */
  | 'hangs';

export interface Posted {
  readonly at: number;
  readonly type: string;
  readonly to: readonly Device[];
  readonly content: Record<string, unknown>;
}

export class FakePost {
  mood: Mood = 'delivers';
  /** ms until the sender is told. */
  latencyMs = 0;
  readonly posted: Posted[] = [];
  /** Hears of each message when it leaves us, whoever gets it. */
  leaving: (message: Posted) => void = () => undefined;
  /** Hears of each that arrived. */
  arrived: (message: Posted) => void = () => undefined;
  underWay = 0;
  mostUnderWay = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly send = async (type: string, to: readonly Device[], content: object): Promise<readonly Device[]> => {
    const message = { at: this.#clock.now(), type, to, content: { ...content } };
    const { mood } = this;
    this.posted.push(message);
    this.leaving(message);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    if (this.latencyMs > 0) await new Promise<void>(resolve => this.#clock.after(this.latencyMs, resolve));
    this.underWay -= 1;
    const missed = mood === 'fails' ? to : mood === 'misses_one' ? to.slice(0, 1) : [];
    this.arrived({ ...message, to: to.filter(device => !missed.includes(device)) });
    switch (mood) {
      case 'delivers':
      case 'misses_one':
        return missed;
      case 'fails':
        throw new Error('M_LIMIT_EXCEEDED');
      case 'hangs':
        return new Promise(() => undefined);
    }
  };
}
