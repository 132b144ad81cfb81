import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WeirError } from '../../signalling/wire/errors.ts';
import { type JournalRecord, JOURNAL_VERSION, KeptState, readRecord, writeRecord } from './records.ts';

/** Largest journal that is read, in bytes; compaction keeps it far below. */
const MAX_BYTES = 64 * 1024 * 1024;
/** The journal is rewritten once it has grown by so much, in bytes, and to four times what it has to hold. */
const COMPACT_AFTER_BYTES = 1024 * 1024;

/**
 * An append-only file of records. Appending and flushing one record takes a third of the time of writing a small file,
 * renaming it and flushing the directory, and a reader always finds a prefix of what was written.
 */
export class Journal {
  readonly #path: string;
  readonly state: KeptState;
  #file: FileHandle;
  #bytes: number;
  #compactBytes: number;
  #torn = false;

  private constructor(path: string, state: KeptState, file: FileHandle, bytes: number) {
    this.#path = path;
    this.state = state;
    this.#file = file;
    this.#bytes = bytes;
    this.#compactBytes = bytes;
  }

  /** Reads what an earlier run left and starts a fresh file of it. `report` is told of lines that cannot be read; they are skipped. */
  static async open(path: string, report: (problem: WeirError) => void): Promise<Journal> {
    const state = await readJournal(path, report);
    const { file, bytes } = await writeFresh(path, state);
    return new Journal(path, state, file, bytes);
  }

  /** Appends; with `durable`, waits until it would survive a loss of power. Rejects where the disk refuses. */
  async append(records: readonly JournalRecord[], durable: boolean): Promise<void> {
    // After a failed write the file may end within a line: a line end keeps the next one whole.
    const text = (this.#torn ? '\n' : '') + records.map(writeRecord).join('');
    this.#torn = true;
    const { bytesWritten } = await this.#file.write(text);
    this.#bytes += bytesWritten;
    if (bytesWritten < Buffer.byteLength(text)) throw new Error('the disk took only a part of the record');
    this.#torn = false;
    if (durable) await this.#file.datasync();
    for (const record of records) this.state.apply(record);
  }

  /** Rewrites the journal where that is worth it. Rejects where the disk refuses; the journal then goes on as it is. */
  async compact(): Promise<void> {
    if (this.#bytes < this.#compactBytes + COMPACT_AFTER_BYTES || this.#bytes < 4 * this.#compactBytes) return;
    const fresh = await writeFresh(this.#path, this.state);
    const old = this.#file;
    this.#file = fresh.file;
    this.#bytes = fresh.bytes;
    this.#compactBytes = fresh.bytes;
    this.#torn = false;
    await old.close();
  }

  async close(): Promise<void> {
    await this.#file.datasync();
    await this.#file.close();
  }
}

async function readJournal(path: string, report: (problem: WeirError) => void): Promise<KeptState> {
  const state = new KeptState();
  const size = await stat(path).then(
    found => found.size,
    (cause: unknown) => {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return 0;
      throw new WeirError('WEIR_STORE_FAILED', `${path} cannot be read`, { cause });
    },
  );
  if (size > MAX_BYTES) throw new WeirError('WEIR_STORE_FAILED', `${path} is longer than ${MAX_BYTES} bytes`);
  if (size === 0) return state;
  const lines = (await readFile(path, 'utf8')).split('\n').filter(line => line.length > 0);
  let unreadable = 0;
  for (const line of lines) {
    const record = readRecord(line);
    if (record === undefined) {
      unreadable += 1;
      continue;
    }
    if (record.kind === 'journal' && record.version !== JOURNAL_VERSION) {
      throw new WeirError(
        'WEIR_STORE_FAILED',
        `${path} is of version ${record.version}, this focus writes ${JOURNAL_VERSION}`,
      );
    }
    state.apply(record);
  }
  if (unreadable > 0) {
    report(new WeirError('WEIR_STORE_FAILED', `${path}: skipped ${unreadable} of ${lines.length} lines that are torn`));
  }
  return state;
}

/** Puts a file with just the state in the journal's place, all of it or nothing. */
async function writeFresh(path: string, state: KeptState): Promise<{ file: FileHandle; bytes: number }> {
  const text = state.records().map(writeRecord).join('');
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await rename(`${path}.new`, path);
    const directory = await open(dirname(path), 'r');
    await directory.sync().finally(() => directory.close());
    return { file, bytes: Buffer.byteLength(text) };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}
