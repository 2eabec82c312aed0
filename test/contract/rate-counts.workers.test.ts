import { createWorkerPorts } from '../support/worker-ports.ts';
import { describeRateCounts } from './rate-counts.suite.ts';

describeRateCounts('the primary of workers', async () => {
  const place = createWorkerPorts();
  return {
    async connect() {
      const { rateCounts, close } = place.connect();
      return { ...rateCounts, close: async () => close() };
    },
    remove: place.remove,
  };
});
