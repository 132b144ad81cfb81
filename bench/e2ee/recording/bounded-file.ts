/** A file of records that grows to a size and no further. Written at once, not by and by: the process may end at any time. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type RecordedEvent, writeEvent } from './format.ts';

/** Bytes that are gathered before they are written. */
const GATHERED_BYTES = 65_536;
const WRITTEN_EVERY_MS = 200;
/** Of one that says that it is full. */
const LAST_RECORD_BYTES = 100;

export class BoundedFile {
  readonly #descriptor: number;
  readonly #timer: NodeJS.Timeout;
  readonly #now: () => number;
  #left: number;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #isClosed = false;

  /** Throws where it cannot be opened. */
  constructor(path: string, mostBytes: number, now: () => number) {
    this.#descriptor = openSync(path, 'w', 0o600);
    this.#left = mostBytes - LAST_RECORD_BYTES;
    this.#now = now;
    this.#timer = setInterval(() => this.flush(), WRITTEN_EVERY_MS);
    this.#timer.unref();
  }

  /** Drops what does not fit, and all that comes after it; the file says so. */
  write(event: RecordedEvent): void {
    if (this.#isClosed || this.#left <= 0) return;
    const bytes = writeEvent(event);
    this.#left -= bytes.length;
    this.#gather(this.#left > 0 ? bytes : writeEvent({ kind: 'full', at: this.#now() }));
  }

  flush(): void {
    if (this.#gathered.length === 0) return;
    const bytes = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.flush();
    closeSync(this.#descriptor);
  }

  #gather(bytes: Buffer): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= GATHERED_BYTES) this.flush();
  }
}
