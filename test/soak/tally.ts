import type { Table } from '../bench/table.ts';

export interface Failure {
  /** `CALL: KIND`, with the fault that lasted. */
  readonly what: string;
  /** Why it is as it has to be; undefined for one that must not happen. */
  readonly because: string | undefined;
}

export interface Tally {
  /** A call that ended well or not, with how long it took. */
  called(protocol: string, elapsedMs: number): void;
  failed(failure: Failure): void;
  /** A real upload or the refusal of one that was not allowed. */
  uploaded(what: 'stored' | 'refused'): void;
  /** How long after the answer to its revocation a call was sent that an instance still took. */
  revoked(delayMs: number): void;
  readonly calls: () => number;
  readonly unexpected: () => number;
  readonly tables: () => readonly Table[];
}

export function createTally(): Tally {
  const elapsedMs = new Map<string, number[]>();
  const failures = new Map<string, Failure & { count: number }>();
  const uploads = { stored: 0, refused: 0 };
  const revocationsMs: number[] = [];
  const calls = () => [...elapsedMs.values()].reduce((sum, times) => sum + times.length, 0);

  function latencies(): Table {
    const rows = [...elapsedMs].map(([protocol, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      return [protocol, String(times.length), ...[0.5, 0.99, 0.999, 1].map((share) => ms(at(sorted, share)))];
    });
    return { title: 'Calls', columns: ['protocol', 'calls', 'p50', 'p99', 'p99.9', 'max'], rows };
  }

  function failed(): Table {
    const sorted = [...failures.values()].toSorted((a, b) => a.what.localeCompare(b.what));
    const rows = sorted.map(({ what, because, count }) => [what, String(count), because ?? '**unexpected**']);
    return { title: 'Failures', columns: ['what', 'times', 'expected, because'], rows };
  }

  function others(): Table {
    const sorted = revocationsMs.toSorted((a, b) => a - b);
    const rows = [
      ['uploads that S3 stored', String(uploads.stored)],
      ['forbidden uploads that S3 refused', String(uploads.refused)],
      ['revocations', String(revocationsMs.length)],
      ['a revoked key was taken elsewhere for, median', ms(at(sorted, 0.5))],
      ['a revoked key was taken elsewhere for, max', ms(at(sorted, 1))],
    ];
    return { title: 'Uploads and revocations', columns: ['what', 'figure'], rows };
  }

  return {
    called: (protocol, time) => {
      const times = elapsedMs.get(protocol) ?? [];
      elapsedMs.set(protocol, times);
      times.push(time);
    },
    failed: (failure) => {
      const { count } = failures.get(failure.what) ?? { count: 0 };
      failures.set(failure.what, { ...failure, count: count + 1 });
    },
    uploaded: (what) => {
      uploads[what] += 1;
    },
    revoked: (delayMs) => void revocationsMs.push(delayMs),
    calls,
    unexpected: () =>
      [...failures.values()]
        .filter(({ because }) => because === undefined)
        .reduce((sum, { count }) => sum + count, 0),
    tables: () => [latencies(), failed(), others()],
  };
}

/** The value below which that share of the values lies. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
