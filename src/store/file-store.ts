import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asWeirError, WeirError } from '../../signalling/wire/errors.ts';
import type { Store, StoredState, SyncPosition } from '../ports.ts';
import type { OpenSession, SessionKey } from '../session.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { Journal } from './journal.ts';
import type { JournalRecord } from './records.ts';

/** Records that may wait for the disk; more are refused. */
const MAX_WAITING = 10_000;
/** Sessions that are kept at one time. */
const MAX_SESSIONS = 100_000;

export interface FileStoreOptions {
  /** Told of what could not be read or tidied up, with the store going on. */
  report?: (problem: WeirError) => void;
}

/**
 * Opens the state directory, made with mode 0700 where it is missing, and keeps other foci out of it.
 * Rejects with WEIR_STORE_FAILED where it cannot be used or another focus uses it.
 */
export async function openFileStore(directory: string, options: FileStoreOptions = {}): Promise<Store> {
  const path = resolve(directory);
  const report = options.report ?? (() => undefined);
  let lock: DirectoryLock | undefined;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    lock = await lockDirectory(path);
    const journal = await Journal.open(join(path, 'journal'), report);
    return new FileStore(journal, lock, report);
  } catch (thrown) {
    await lock?.release();
    throw thrown instanceof WeirError
      ? thrown
      : new WeirError('WEIR_STORE_FAILED', `${path} cannot be used: ${asWeirError(thrown).message}`, { cause: thrown });
  }
}

interface Waiting {
  record: JournalRecord;
  /** Must survive a loss of power, not only the end of the process. */
  durable: boolean;
  done: PromiseWithResolvers<void>;
}

class FileStore implements Store {
  readonly #journal: Journal;
  readonly #lock: DirectoryLock;
  readonly #report: (problem: WeirError) => void;
  #waiting: Waiting[] = [];
  /** Latest wins: everybody who waits for an earlier position is served by it. */
  #position: Waiting | undefined;
  #writing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(journal: Journal, lock: DirectoryLock, report: (problem: WeirError) => void) {
    this.#journal = journal;
    this.#lock = lock;
    this.#report = report;
  }

  async load(): Promise<StoredState> {
    return this.#journal.state.snapshot();
  }

  async rememberSession(session: OpenSession): Promise<void> {
    if (this.#journal.state.sessionCount + this.#waiting.length >= MAX_SESSIONS) {
      throw new WeirError('WEIR_STORE_FAILED', `more than ${MAX_SESSIONS} sessions are open`);
    }
    return this.#enqueue({ kind: 'open', session: structuredClone(session) }, true);
  }

  async forgetSession(key: SessionKey): Promise<void> {
    // Lost with the power, it costs one hang-up of a session that is over.
    return this.#enqueue({ kind: 'closed', key }, false);
  }

  async rememberSync(position: SyncPosition): Promise<void> {
    this.#refuseWhenClosed();
    const record: JournalRecord = { kind: 'sync', position: { ...position } };
    // Lost with the power, some batches come again; each poll of the homeserver would cost a flush otherwise.
    if (this.#position === undefined) this.#position = { record, durable: false, done: Promise.withResolvers() };
    else this.#position.record = record;
    const { promise } = this.#position.done;
    this.#write();
    return promise;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    try {
      await this.#journal.close();
    } catch (thrown) {
      throw storeFailed(thrown);
    } finally {
      await this.#lock.release();
    }
  }

  async #enqueue(record: JournalRecord, durable: boolean): Promise<void> {
    this.#refuseWhenClosed();
    if (this.#waiting.length >= MAX_WAITING) throw new WeirError('WEIR_OVERLOADED', 'too much waits for the disk');
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ record, durable, done });
    this.#write();
    return done.promise;
  }

  #refuseWhenClosed(): void {
    if (this.#closed !== undefined) throw new WeirError('WEIR_STORE_FAILED', 'the store is closed');
  }

  /** One writer: what comes in while the disk works goes into its next write together. */
  #write(): void {
    this.#writing ??= this.#drain();
  }

  /** Never rejects. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#position !== undefined) {
      const batch = this.#position === undefined ? this.#waiting : [...this.#waiting, this.#position];
      this.#waiting = [];
      this.#position = undefined;
      try {
        await this.#journal.append(
          batch.map(waiting => waiting.record),
          batch.some(waiting => waiting.durable),
        );
        for (const { done } of batch) done.resolve();
      } catch (thrown) {
        const error = storeFailed(thrown);
        for (const { done } of batch) done.reject(error);
        continue;
      }
      try {
        await this.#journal.compact();
      } catch (thrown) {
        this.#report(storeFailed(thrown));
      }
    }
    // In the same turn as the last look at the queue: nothing can slip in between.
    this.#writing = undefined;
  }
}

function storeFailed(cause: unknown): WeirError {
  return new WeirError('WEIR_STORE_FAILED', `the state directory cannot be written: ${asWeirError(cause).message}`, {
    cause,
  });
}
