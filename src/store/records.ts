/** The lines of the journal: a checksum and a JSON record each. */
import { crc32 } from 'node:zlib';
import { Type } from 'typebox';
import { parserOf } from '../../signalling/wire/parse.ts';
import type { StoredState, SyncPosition } from '../ports.ts';
import { keyOfSession, type OpenSession, type SessionKey } from '../session.ts';

export type JournalRecord =
  | { kind: 'journal'; version: number }
  | { kind: 'open'; session: OpenSession }
  | { kind: 'closed'; key: string }
  | { kind: 'sync'; position: SyncPosition };

export const JOURNAL_VERSION = 1;

const parseRecord = parserOf(
  'journal record',
  Type.Union([
    Type.Object({ kind: Type.Literal('journal'), version: Type.Integer() }),
    Type.Object({
      kind: Type.Literal('open'),
      session: Type.Object({
        conference: Type.Object({ roomId: Type.String(), confId: Type.String() }),
        session: Type.Object({ userId: Type.String(), deviceId: Type.String(), sessionId: Type.String() }),
        callId: Type.String(),
      }),
    }),
    Type.Object({ kind: Type.Literal('closed'), key: Type.String() }),
    Type.Object({
      kind: Type.Literal('sync'),
      position: Type.Object({ since: Type.String(), at: Type.Number() }),
    }),
  ]),
);

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

/** One line, with its end. */
export function writeRecord(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${checksumOf(json)} ${json}\n`;
}

/** `undefined` where the line is torn, altered or of a kind that is not known. */
export function readRecord(line: string): JournalRecord | undefined {
  const json = line.slice(9);
  if (line.slice(0, 9) !== `${checksumOf(json)} `) return undefined;
  try {
    const record = parseRecord(JSON.parse(json));
    return record.kind === 'ok' ? record.value : undefined;
  } catch {
    return undefined;
  }
}

/** What the records of a journal add up to. */
export class KeptState {
  readonly #sessions = new Map<string, OpenSession>();
  #sync: SyncPosition | undefined;

  get sessionCount(): number {
    return this.#sessions.size;
  }

  has(key: SessionKey): boolean {
    return this.#sessions.has(key);
  }

  apply(record: JournalRecord): void {
    switch (record.kind) {
      case 'journal':
        return;
      case 'open':
        this.#sessions.set(keyOfSession(record.session.session), record.session);
        return;
      case 'closed':
        this.#sessions.delete(record.key);
        return;
      case 'sync':
        this.#sync = record.position;
        return;
    }
  }

  /** A copy that later changes do not touch. */
  snapshot(): StoredState {
    return structuredClone({ sync: this.#sync, sessions: [...this.#sessions.values()] });
  }

  /** The shortest journal that gives this state. */
  records(): JournalRecord[] {
    return [
      { kind: 'journal', version: JOURNAL_VERSION },
      ...[...this.#sessions.values()].map((session): JournalRecord => ({ kind: 'open', session })),
      ...(this.#sync === undefined ? [] : [{ kind: 'sync', position: this.#sync } satisfies JournalRecord]),
    ];
  }
}
