import { describe, expect, it } from 'vitest';
import { readReport } from '../../../scripts/conformance-report.ts';

describe('the report of the conformance runner', () => {
  it('is read where everything passed', () => {
    expect(readReport('Total cases: 2718\n2718 passed, 0 failed\n')).toEqual({
      cases: 2718,
      passed: 2718,
      failed: 0,
      failedAsExpected: 0,
      notRun: 0,
      failures: '',
    });
  });

  it('names the failures, and not those that were expected', () => {
    const output = `INFO: Errors/a failed (as expected):
\tactual error
FAILED: Basic/b:
\texpecting 2 response messages
\tbut instead got 0
INFO: Errors/c failed (as expected):
\tactual error
FAILED: Errors/d was expected to fail but did not

Total cases: 4
0 passed, 2 failed
Another 3 could not be run due to client timing out or exiting prematurely.
(Another 2 failed as expected due to being known failures/flakes.)
`;
    expect(readReport(output)).toEqual({
      cases: 4,
      passed: 0,
      failed: 2,
      failedAsExpected: 2,
      notRun: 3,
      failures: `FAILED: Basic/b:
\texpecting 2 response messages
\tbut instead got 0
FAILED: Errors/d was expected to fail but did not`,
    });
  });

  it('is none where the runner gave up', () => {
    expect(readReport('known failing: unmatched and possibly invalid patterns:\nErrors/x')).toBeUndefined();
  });
});
