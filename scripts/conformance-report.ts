// What the conformance runner prints in the end.

export interface Report {
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  /** Cases that are listed as failing, and do. */
  readonly failedAsExpected: number;
  /** Cases without an outcome, for instance because the server ended. */
  readonly notRun: number;
  /** Without those that were expected. */
  readonly failures: string;
}

/** Undefined where the runner gave up before it had a result. */
export function readReport(output: string): Report | undefined {
  const cases = numberIn(output, /^Total cases: (\d+)$/m);
  const passed = numberIn(output, /^(\d+) passed, \d+ failed$/m);
  const failed = numberIn(output, /^\d+ passed, (\d+) failed$/m);
  if (cases === undefined || passed === undefined || failed === undefined) return undefined;
  return {
    cases,
    passed,
    failed,
    failedAsExpected: numberIn(output, /^\(Another (\d+) failed as expected/m) ?? 0,
    notRun: numberIn(output, /^Another (\d+) could not be run/m) ?? 0,
    failures: failuresIn(output),
  };
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Each begins with `FAILED:` and goes on to where another message begins. */
function failuresIn(output: string): string {
  return output
    .split(/^(?=FAILED: |INFO: |Total cases: )/m)
    .filter((block) => block.startsWith('FAILED: '))
    .map((block) => block.trimEnd())
    .join('\n');
}
