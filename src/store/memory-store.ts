import { WeirError } from '../../signalling/wire/errors.ts';
import type { Store, StoredState, SyncPosition } from '../ports.ts';
import type { OpenSession, SessionKey } from '../session.ts';
import { KeptState } from './records.ts';

/** What outlives a memory store: hand it to the next one, as a restart would find its directory. */
export class StoreMemory {
  readonly state = new KeptState();
  inUse = false;
}

/** The twin of the file store that keeps nothing beyond the process. One store at a time uses a memory. */
export async function openMemoryStore(memory: StoreMemory = new StoreMemory()): Promise<Store> {
  if (memory.inUse) throw new WeirError('WEIR_STORE_FAILED', 'another store uses this memory');
  memory.inUse = true;
  return new MemoryStore(memory);
}

class MemoryStore implements Store {
  readonly #memory: StoreMemory;
  #closed = false;

  constructor(memory: StoreMemory) {
    this.#memory = memory;
  }

  async load(): Promise<StoredState> {
    return this.#memory.state.snapshot();
  }

  async rememberSession(session: OpenSession): Promise<void> {
    this.#open().apply({ kind: 'open', session: structuredClone(session) });
  }

  async forgetSession(key: SessionKey): Promise<void> {
    this.#open().apply({ kind: 'closed', key });
  }

  async rememberSync(position: SyncPosition): Promise<void> {
    this.#open().apply({ kind: 'sync', position: { ...position } });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#memory.inUse = false;
  }

  #open(): KeptState {
    if (this.#closed) throw new WeirError('WEIR_STORE_FAILED', 'the store is closed');
    return this.#memory.state;
  }
}
