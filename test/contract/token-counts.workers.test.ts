import { createWorkerPorts } from '../support/worker-ports.ts';
import { describeTokenCounts } from './token-counts.suite.ts';

describeTokenCounts('the primary of workers', async () => {
  const place = createWorkerPorts();
  return {
    async connect() {
      return place.connect().tokenCounts;
    },
    remove: place.remove,
  };
});
