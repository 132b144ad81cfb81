/** Frames numbered in each direction, so that a cut of the WebSocket loses none. No I/O. */
import type { TrunkPosition } from '../../signalling/wire/trunk.ts';
import { writeTrunkFrame } from '../../signalling/wire/trunk.ts';

/** What is kept of frames that were not acknowledged: frames, and characters. */
export interface Keeping {
  frames: number;
  characters: number;
}

/**
 * Both directions of a trunk. A run begins with frame 1 either way and goes on over as many WebSockets as it takes; where more frames
 * wait than are kept it is lost, and the next one begins with nothing said.
 */
export class NumberedFrames {
  readonly #keeping: Keeping;
  /** 0: none yet. */
  #run = 0;
  #lost = true;
  /** Lines that were not acknowledged, the oldest first; the last one has the number `#said`. */
  #kept: string[] = [];
  #characters = 0;
  #said = 0;
  #received = 0;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
  }

  get run(): number {
    return this.#run;
  }

  get received(): number {
    return this.#received;
  }

  /** Characters that were not acknowledged. */
  get unacknowledged(): number {
    return this.#characters;
  }

  /** Where the run can go on from; `undefined` where it cannot. */
  get position(): TrunkPosition | undefined {
    return this.#lost ? undefined : { run: this.#run, received: this.#received };
  }

  /** Begins a run; what waited is gone. */
  begin(run: number): void {
    this.#run = run;
    this.#lost = false;
    this.#clear();
    this.#said = 0;
    this.#received = 0;
  }

  /** The run cannot go on. */
  lose(): void {
    this.#lost = true;
    this.#clear();
  }

  /** Keeps a text and gives its line; `undefined` where the run is lost, by this one or before. */
  add(text: string): string | undefined {
    if (this.#lost) return undefined;
    const line = writeTrunkFrame({ kind: 'carried', number: this.#said + 1, text });
    const { frames, characters } = this.#keeping;
    if (this.#kept.length >= frames || this.#characters + line.length > characters) {
      this.lose();
      return undefined;
    }
    this.#said += 1;
    this.#kept.push(line);
    this.#characters += line.length;
    return line;
  }

  /** Whether the other side can go on from there. */
  reaches(position: TrunkPosition): boolean {
    return !this.#lost && position.run === this.#run && this.#isKnown(position.received);
  }

  /** The other side has all up to this number. False where that cannot be. */
  acknowledge(received: number): boolean {
    if (this.#lost || received > this.#said) return false;
    // An older word than one that came before says nothing new.
    const gone = received - (this.#said - this.#kept.length);
    if (gone <= 0) return true;
    for (const line of this.#kept.splice(0, gone)) this.#characters -= line.length;
    return true;
  }

  /** Lines that the other side may lack, in order. */
  get waiting(): readonly string[] {
    return this.#kept;
  }

  /** Counts a frame of the other side: `again`: it came before; `gap`: one before it is missing. */
  take(number: number): 'next' | 'again' | 'gap' {
    if (number <= this.#received) return 'again';
    if (number > this.#received + 1) return 'gap';
    this.#received = number;
    return 'next';
  }

  #isKnown(received: number): boolean {
    return received <= this.#said && received >= this.#said - this.#kept.length;
  }

  #clear(): void {
    this.#kept = [];
    this.#characters = 0;
  }
}
