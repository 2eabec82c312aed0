import type { Table } from './table.ts';

export interface BenchOptions {
  /** Rounds that are long enough to see that everything works, and too short to believe. */
  readonly quick: boolean;
  /** Tells whoever waits what is going on. */
  readonly progress: (text: string) => void;
}

/** One part of the report. */
export interface Section {
  /** As `--only` has it. */
  readonly name: string;
  readonly run: (options: BenchOptions) => Promise<Table>;
}
