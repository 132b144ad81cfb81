import { asWeirError, WeirError } from '../../signalling/wire/errors.ts';

/** Calls of one peer, one after the other, in the order they were made. Full, it refuses with WEIR_OVERLOADED. */
export class Lane {
  readonly #limit: number;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Rejects with a WeirError, whatever `task` throws. */
  run<T>(task: () => Promise<T> | T): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waiting >= this.#limit) {
      return Promise.reject(new WeirError('WEIR_OVERLOADED', 'too many calls are waiting for one peer'));
    }
    this.#waiting += 1;
    const result = this.#tail.then(async () => {
      try {
        if (this.#closed) throw closedError();
        return await task();
      } catch (thrown) {
        throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
      } finally {
        this.#waiting -= 1;
      }
    });
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Calls that wait, and later ones, are rejected. */
  close(): void {
    this.#closed = true;
  }
}

function closedError(): WeirError {
  return new WeirError('WEIR_UNEXPECTED_MESSAGE', 'the peer is closed');
}
