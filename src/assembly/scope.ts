import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Log } from '../ports.ts';

/** Closes what was opened, in the opposite order. */
export class Scope {
  readonly #closers: { name: string; close: () => Promise<unknown> | void }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  own(name: string, close: () => Promise<unknown> | void): void {
    this.#closers.unshift({ name, close });
  }

  async close(): Promise<void> {
    for (const { name, close } of this.#closers.splice(0)) {
      try {
        await close();
      } catch (thrown) {
        const error = asWeirError(thrown);
        this.#log.error({ code: error.code, name, err: thrown }, `could not be closed: ${error.message}`);
      }
    }
  }
}
