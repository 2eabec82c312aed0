import type { BenchOptions } from './options.ts';

/** A small piece of work that is repeated. */
export interface Subject {
  readonly label: string;
  /** `turn` differs each time. What it answers is awaited only if it is a promise. */
  readonly run: (turn: number) => unknown;
}

/** What one repetition took on average, round by round. */
export interface Timing {
  readonly label: string;
  /** CPU time of all threads. */
  readonly cpuMicros: readonly number[];
  /** From its start to its end, waiting included. Repetitions follow each other. */
  readonly elapsedMicros: readonly number[];
}

const FULL = { rounds: 9, roundMs: 1_000 } as const;
const QUICK = { rounds: 3, roundMs: 200 } as const;

/** Repetitions between two looks at the clock, which costs as much as the fastest work here. */
const BATCH = 16;

interface Sample {
  readonly cpuMicros: number;
  readonly elapsedMicros: number;
}

/** Times the subjects in turn. The first round warms up and does not count. */
export async function alternate(
  subjects: readonly Subject[],
  { quick, progress }: BenchOptions,
): Promise<readonly Timing[]> {
  const { rounds, roundMs } = quick ? QUICK : FULL;
  const samples = subjects.map((subject) => ({ subject, rounds: [] as Sample[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { subject, rounds: taken } of samples) {
      const sample = await repeat(subject, roundMs);
      if (round === 0) continue;
      taken.push(sample);
      progress(`round ${round}/${rounds}, ${subject.label}: ${sample.cpuMicros.toFixed(2)} µs CPU`);
    }
  }
  return samples.map(({ subject: { label }, rounds: taken }) => ({
    label,
    cpuMicros: taken.map(({ cpuMicros }) => cpuMicros),
    elapsedMicros: taken.map(({ elapsedMicros }) => elapsedMicros),
  }));
}

async function repeat({ run }: Subject, durationMs: number): Promise<Sample> {
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  let turns = 0;
  let elapsedMs = 0;
  while (elapsedMs < durationMs) {
    for (const end = turns + BATCH; turns < end; turns++) {
      const pending = run(turns);
      if (pending instanceof Promise) await pending;
    }
    elapsedMs = performance.now() - startedAtMs;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMicros: (user + system) / turns, elapsedMicros: (elapsedMs * 1000) / turns };
}
