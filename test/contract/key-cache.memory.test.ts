import { createMemoryCacheServer } from '../support/memory-key-cache.ts';
import { systemClock } from '../support/system-clock.ts';
import { describeKeyCache } from './key-cache.suite.ts';

// The one that unit tests are built on must behave as the real one does.
describeKeyCache('memory', async () => {
  const server = createMemoryCacheServer(systemClock);
  return { connect: async () => server.connect(), remove: async () => {} };
});
