import { createMemoryTokenServer } from '../support/memory-token-counts.ts';
import { systemClock } from '../support/system-clock.ts';
import { describeTokenCounts } from './token-counts.suite.ts';

// The one that unit tests are built on must behave as the real one does.
describeTokenCounts('memory', async () => {
  const server = createMemoryTokenServer(systemClock);
  return { connect: async () => server.connect(), remove: async () => {} };
});
