import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { createSkipReporter } from './test/support/skip-reporter.ts';

/** Tests wait for servers more than they calculate, so two of them fit on the smallest machine. */
const WORKERS = Math.max(2, availableParallelism() - 1);

/** One project per rung of the test ladder; `npm run test:<name>` runs one. */
const rungs = {
  unit: { testTimeout: 30_000 },
  contract: { containers: true, testTimeout: 30_000 },
  rpc: { testTimeout: 30_000 },
  integration: { containers: true, testTimeout: 60_000 },
  parity: { testTimeout: 30_000 },
  e2e: { containers: true, testTimeout: 60_000 },
  // Alone and at the end: they break servers and count what gets through meanwhile.
  faults: { containers: true, testTimeout: 120_000, workers: 1 },
} satisfies Record<string, { containers?: boolean; testTimeout: number; workers?: number }>;

export default defineConfig({
  test: {
    reporters: [createSkipReporter((text) => process.stdout.write(text)), 'default'],
    projects: Object.entries(rungs).map(([name, rung]) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        pool: 'forks' as const,
        maxWorkers: 'workers' in rung ? rung.workers : WORKERS,
        sequence: { groupOrder: 'workers' in rung ? 1 : 0 },
        testTimeout: rung.testTimeout,
        hookTimeout: 120_000,
        globalSetup: 'containers' in rung ? ['test/support/containers.ts'] : [],
      },
    })),
  },
});
