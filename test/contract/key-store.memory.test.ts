import { createMemoryKeyStore } from '../support/memory-key-store.ts';
import { describeKeyStore } from './key-store.suite.ts';

// The one that unit tests are built on must behave as the real one does.
describeKeyStore('memory', async () => {
  const store = createMemoryKeyStore();
  return { open: async () => store, remove: async () => {} };
});
