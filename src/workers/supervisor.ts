// Keeps a number of workers alive, replaces them one after the other, and ends them. It does not serve by itself.
import type { Schedule } from '../keys/clock.ts';
import type { WorkerEnd, WorkerEvents, WorkerIdentity } from '../telemetry/worker-events.ts';
import { watchHeartbeat } from './heartbeat.ts';
import type { ListeningAddress } from './messages.ts';
import { decideRestart } from './restart-delay.ts';
import type { Worker } from './worker.ts';

/** How long a new worker may take until it serves, while an old one serves in its place. */
const START_TIMEOUT_MS = 60_000;

export type StartOutcome =
  | { readonly listening: ListeningAddress }
  /** The first worker could not start, and has said why. */
  | { readonly failed: WorkerEnd };

export interface Supervisor {
  /** Starts one worker, and the others once that one serves. */
  start(): Promise<StartOutcome>;
  /** Replaces every worker by a new one that serves already. Asked again meanwhile, it goes round once more. */
  roll(): Promise<void>;
  /** Ends all workers at the same time. */
  stop(): Promise<void>;
}

export interface SupervisorDeps {
  /** At least 1. */
  readonly count: number;
  readonly startWorker: (number: number) => Worker;
  readonly clock: { monotonicMs(): number };
  readonly schedule: Schedule;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  readonly events: WorkerEvents;
  /** How long a worker may answer nothing. */
  readonly silentWithinMs: number;
  /** How long a worker may take to end: when the service stops, and when it is replaced. */
  readonly endWithinMs: { readonly stop: number; readonly replace: number };
  /** Told how many workers serve whenever that changes. */
  readonly onLive: (workers: number) => void;
}

/** A worker's place. */
interface Slot {
  readonly number: number;
  worker: Worker | undefined;
  failures: number;
  cancelRestart: () => void;
}

interface Serving {
  readonly sinceMs: number;
  readonly unwatch: () => void;
}

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { count, clock, schedule, random, events, endWithinMs, onLive } = deps;
  const slots = Array.from({ length: count }, (_, index): Slot => {
    return { number: index + 1, worker: undefined, failures: 0, cancelRestart: () => {} };
  });
  const alive = new Map<Worker, Slot>();
  const serving = new Map<Worker, Serving>();
  const silent = new WeakSet<Worker>();
  let stopping = false;
  let rolling: Promise<void> | undefined;
  let rollAgain = false;
  let killedWorkers = 0;

  const identityOf = (slot: Slot, { pid }: Worker): WorkerIdentity => ({ worker: slot.number, pid });

  function launch(slot: Slot): Worker {
    const worker = deps.startWorker(slot.number);
    alive.set(worker, slot);
    void worker.ready.then((address) => {
      if (address === undefined || !alive.has(worker)) return;
      serving.set(worker, { sinceMs: clock.monotonicMs(), unwatch: watch(slot, worker) });
      if (!stopping) events.ready(identityOf(slot, worker));
      onLive(serving.size);
    });
    void worker.ended.then((end) => {
      const since = serving.get(worker);
      alive.delete(worker);
      since?.unwatch();
      if (serving.delete(worker)) onLive(serving.size);
      if (slot.worker === worker) replaceCrashed(slot, worker, end, since?.sinceMs);
    });
    return worker;
  }

  function watch(slot: Slot, worker: Worker): () => void {
    return watchHeartbeat({
      ask: worker.beat,
      clock,
      schedule,
      timeoutMs: deps.silentWithinMs,
      onSilent: (silentMs) => {
        silent.add(worker);
        events.silent(identityOf(slot, worker), silentMs);
        worker.kill();
      },
    });
  }

  function replaceCrashed(slot: Slot, worker: Worker, end: WorkerEnd, sinceMs: number | undefined): void {
    slot.worker = undefined;
    if (stopping) return;
    const servedMs = sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs;
    const { failures, delayMs } = decideRestart(slot.failures, servedMs, random());
    slot.failures = failures;
    events.crashed(identityOf(slot, worker), end, { delayMs }, silent.has(worker) ? 'hang' : 'crash');
    slot.cancelRestart = schedule(delayMs, () => {
      slot.worker = launch(slot);
    });
  }

  /** Asks a worker to end, and ends it when it does not. Resolves when it is gone. */
  async function end(slot: Slot, worker: Worker, replaced: boolean): Promise<void> {
    // From here on it is ended when it does not end in time.
    serving.get(worker)?.unwatch();
    worker.stop(replaced);
    const withinMs = replaced ? endWithinMs.replace : endWithinMs.stop;
    const insist = schedule(withinMs, () => {
      killedWorkers += 1;
      events.hung(identityOf(slot, worker), withinMs);
      worker.kill();
    });
    await worker.ended;
    insist();
  }

  /** False when the new worker did not come to serve. */
  async function replace(slot: Slot): Promise<boolean> {
    const next = launch(slot);
    const giveUp = schedule(START_TIMEOUT_MS, next.kill);
    const address = await next.ready;
    giveUp();
    if (address === undefined) {
      if (!stopping) events.rollFailed(identityOf(slot, next), await next.ended);
      return false;
    }
    slot.cancelRestart();
    const old = slot.worker;
    slot.worker = next;
    slot.failures = 0;
    if (old === undefined || stopping) return true;
    await end(slot, old, true);
    events.replaced(identityOf(slot, old));
    return true;
  }

  async function rollOnce(): Promise<void> {
    events.rolling();
    for (const slot of slots) if (stopping || !(await replace(slot))) return;
    if (!stopping) events.rolled();
  }

  async function rollUntilDone(): Promise<void> {
    do {
      rollAgain = false;
      await rollOnce();
    } while (rollAgain && !stopping);
    rolling = undefined;
  }

  return {
    async start() {
      const [first, ...others] = slots;
      if (first === undefined) throw new RangeError('there must be a worker');
      const worker = launch(first);
      const listening = await worker.ready;
      if (listening === undefined) return { failed: await worker.ended };
      first.worker = worker;
      if (stopping) return { listening };
      for (const slot of others) slot.worker = launch(slot);
      await Promise.all(others.map((slot) => slot.worker?.ready));
      return { listening };
    },
    roll() {
      if (rolling !== undefined) rollAgain = true;
      rolling ??= rollUntilDone();
      return rolling;
    },
    async stop() {
      stopping = true;
      events.draining();
      for (const slot of slots) slot.cancelRestart();
      await Promise.all([...alive].map(([worker, slot]) => end(slot, worker, false)));
      events.stopped({ killedWorkers });
    },
  };
}
