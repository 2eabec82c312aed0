import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Lists every test that was skipped and why, just above vitest's own summary: a skip must not pass unseen. */
export function createSkipReporter(write: (text: string) => void): Reporter {
  let filtered = false;
  return {
    onInit(vitest: Vitest) {
      // With a name filter, skipping is what was asked for.
      filtered = vitest.config.testNamePattern !== undefined;
    },
    onTestRunEnd(modules) {
      const skipped = filtered ? [] : modules.flatMap(skippedTests);
      if (skipped.length > 0) write(`\n Skipped here (${skipped.length}):\n${skipped.join('\n')}\n`);
    },
  };
}

function skippedTests(module: TestModule): string[] {
  return [...module.children.allTests('skipped')].map((test) => {
    const { note } = test.result() as { readonly note?: string };
    return `  ${module.relativeModuleId} > ${test.fullName}${note === undefined ? '' : ` (${note})`}`;
  });
}
