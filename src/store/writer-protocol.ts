import type { KeyWrites } from './key-writes.ts';
import type { SqliteFailure } from './store-fault.ts';

/** What the writer thread starts from: the file that the main thread has opened. */
export interface WriterStart {
  readonly path: string;
  readonly identity: string | undefined;
}

/** What the main thread asks of the writer thread. Requests are carried out in the order they were sent. */
export type WriterRequest =
  | {
      readonly id: number;
      readonly name: keyof KeyWrites;
      readonly argument: unknown;
      /** Wall-clock milliseconds, because the monotonic clocks of threads begin apart. From then on nobody waits. */
      readonly deadlineMs: number;
    }
  | 'close';

/** What it answers, once for each request that has an id. */
export type WriterResponse =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: SqliteFailure };
