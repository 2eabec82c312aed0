import { createWorkerPorts } from '../support/worker-ports.ts';
import { describeCreationMemory } from './creation-memory.suite.ts';

describeCreationMemory('the primary of workers', async () => {
  const place = createWorkerPorts();
  return {
    async connect() {
      return place.connect().creationMemory;
    },
    remove: place.remove,
  };
});
