import type { WorkerEnd } from '../telemetry/worker-events.ts';
import type { ListeningAddress } from './messages.ts';

/** A worker process. */
export interface Worker {
  readonly pid: number;
  /** Where it serves; undefined when it ended before it came to that. */
  readonly ready: Promise<ListeningAddress | undefined>;
  readonly ended: Promise<WorkerEnd>;
  /** Asks it to finish its calls and end. `replaced` as in the message. */
  stop(replaced: boolean): void;
  /** Ends it at once. */
  kill(): void;
  /** Resolves as soon as its event loop comes to it. Rejects when it is gone. */
  beat(): Promise<void>;
}
