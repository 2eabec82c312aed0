import { createMemoryRateServer } from '../support/memory-rate-counts.ts';
import { systemClock } from '../support/system-clock.ts';
import { describeRateCounts } from './rate-counts.suite.ts';

// The one that unit tests are built on must behave as the real one does.
describeRateCounts('memory', async () => {
  const server = createMemoryRateServer(systemClock);
  return { connect: async () => server.connect(), remove: async () => {} };
});
