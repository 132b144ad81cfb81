import type { Refusals } from './figures.ts';

/** Keeps count of what is tried. */
export class Attempts {
  readonly refusals: Omit<Refusals, 'gapMs'> = { tried: [], wronglyAccepted: [], controls: [] };
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  /** @param wasAccepted whether it was let in, or did harm */
  note(name: string, wasAccepted: boolean): void {
    this.refusals.tried.push(name);
    if (wasAccepted) this.refusals.wronglyAccepted.push(name);
    this.#tell(`${name}: ${wasAccepted ? 'ACCEPTED' : 'refused'}`);
  }

  /** Something right, which has to work. */
  control(name: string, works: boolean): void {
    this.refusals.controls.push({ name, works });
    this.#tell(`${name}: ${works ? 'works' : 'DOES NOT WORK'}`);
  }
}
