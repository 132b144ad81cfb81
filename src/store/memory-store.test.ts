import { describeStore } from '../testing/store-contract.ts';
import { openMemoryStore, StoreMemory } from './memory-store.ts';

describeStore('memory', async () => {
  const memory = new StoreMemory();
  return { open: () => openMemoryStore(memory), dispose: async () => undefined };
});
