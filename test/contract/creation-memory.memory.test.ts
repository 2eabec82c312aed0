import { createMemoryCreationMemory } from '../../src/uploads/creation-memory.ts';
import { systemClock } from '../support/system-clock.ts';
import { describeCreationMemory } from './creation-memory.suite.ts';

describeCreationMemory('memory', async () => {
  const memory = createMemoryCreationMemory({ clock: systemClock });
  return { connect: async () => memory, remove: async () => {} };
});
