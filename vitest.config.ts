import { defineConfig } from 'vitest/config';
import { createSkipReporter } from './test/support/skip-reporter.ts';

/** One project per rung of the test ladder; `npm run test:<name>` runs one. */
const rungs = {
  unit: { testTimeout: 10_000 },
  contract: { containers: true, testTimeout: 30_000 },
  rpc: { testTimeout: 10_000 },
  integration: { containers: true, testTimeout: 60_000 },
  parity: { testTimeout: 30_000 },
  e2e: { containers: true, testTimeout: 60_000 },
  faults: { containers: true, testTimeout: 120_000 },
} satisfies Record<string, { containers?: boolean; testTimeout: number }>;

export default defineConfig({
  test: {
    reporters: [createSkipReporter((text) => process.stdout.write(text)), 'default'],
    projects: Object.entries(rungs).map(([name, rung]) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        pool: 'forks' as const,
        testTimeout: rung.testTimeout,
        hookTimeout: 120_000,
        globalSetup: 'containers' in rung ? ['test/support/containers.ts'] : [],
      },
    })),
  },
});
