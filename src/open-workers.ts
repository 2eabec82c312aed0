// Joins what the primary of several workers needs: it serves nothing itself, and counts and remembers for all of them.
import { once } from 'node:events';
import type { Settings } from './config/settings.ts';
import { openLog } from './open-log.ts';
import { clock, random, schedule as scheduleIdly } from './system.ts';
import { createMetricTotals, type MetricTotals } from './telemetry/metric-totals.ts';
import { createWorkerEvents } from './telemetry/worker-events.ts';
import { type ForkedWorker, forkWorker, setUpForks } from './workers/forked-worker.ts';
import { createGate } from './workers/gate.ts';
import type { PrimaryAnswers } from './workers/messages.ts';
import { joinPeers, type Peers } from './workers/peers.ts';
import { createSharedAnswers } from './workers/shared-ports.ts';
import { createSupervisor } from './workers/supervisor.ts';

/** How much longer than its calls a worker may take to end: it waits for the others, and writes down what is left. */
const END_MARGIN_MS = 10_000;

export interface WorkersOptions {
  readonly settings: Pick<Settings, 'logLevel' | 'shutdownDelayMs' | 'shutdownGraceMs' | 'workerTimeoutMs'>;
  readonly logFormat: 'json' | 'pretty';
  readonly count: number;
  /** Aborted when the service is to stop. */
  readonly stop: AbortSignal;
  /** Calls back whenever the workers are to be replaced. */
  readonly onReload: (reload: () => void) => void;
}

/**
 * Runs so many workers until `stop`. Answers the exit code: 0, or what the first worker ended with when it could not
 * start, which has said why by then.
 */
export async function runWorkers({
  settings,
  logFormat,
  count,
  stop,
  onReload,
}: WorkersOptions): Promise<number> {
  await using opened = await openLog(settings, { logFormat });
  const totals = createMetricTotals();
  const events = createWorkerEvents(opened.logger, totals);
  const workers = openForks(totals);
  const { shutdownDelayMs, shutdownGraceMs } = settings;
  const supervisor = createSupervisor({
    count,
    startWorker: workers.start,
    clock,
    schedule,
    random: random.fraction,
    events,
    silentWithinMs: settings.workerTimeoutMs,
    endWithinMs: {
      stop: shutdownDelayMs + shutdownGraceMs + END_MARGIN_MS,
      replace: shutdownGraceMs + END_MARGIN_MS,
    },
    onLive: workers.tellLive,
  });
  const stopped = (stop.aborted ? Promise.resolve() : once(stop, 'abort')).then(() => supervisor.stop());
  const outcome = await supervisor.start();
  if ('failed' in outcome) return outcome.failed.code ?? 1;
  if (!stop.aborted) events.listening({ ...outcome.listening, workers: count });
  onReload(() => void supervisor.roll());
  await stopped;
  return 0;
}

/** Joins the other workers, in a process that `runWorkers` has made. */
export function joinWorkers(): Promise<Peers> {
  return joinPeers(scheduleIdly);
}

/** Unlike the timers of a worker, these keep the process alive: with no worker left, nothing else would. */
function schedule(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}

function openForks(totals: MetricTotals) {
  const connected = new Set<ForkedWorker>();
  const serving = new Set<ForkedWorker>();
  const answers = answersOf(totals, connected);
  const gate = createGate(connected);
  setUpForks();

  function start(number: number): ForkedWorker {
    const worker: ForkedWorker = forkWorker(number, {
      schedule,
      answers: { ...answers, closed: () => gate.arrive(worker) },
      onNews: (news) => {
        for (const other of connected) if (other !== worker) other.tell({ type: 'news', news });
      },
      onFinal: (snapshot) => totals.update(worker, snapshot),
      othersServe: () => [...serving].some((other) => other !== worker),
    });
    connected.add(worker);
    void worker.ready.then((address) => address && connected.has(worker) && serving.add(worker));
    void worker.ended.then(() => {
      connected.delete(worker);
      serving.delete(worker);
      gate.left(worker);
      totals.retire(worker);
    });
    return worker;
  }

  return {
    start,
    tellLive: (workers: number) => {
      totals.liveWorkers(workers);
      for (const worker of connected) worker.tell({ type: 'live', workers });
    },
  };
}

function answersOf(
  totals: MetricTotals,
  connected: ReadonlySet<ForkedWorker>,
): Omit<PrimaryAnswers, 'closed'> {
  let round: Promise<unknown> | undefined;

  async function update(worker: ForkedWorker): Promise<void> {
    const snapshot = await worker.snapshot();
    if (connected.has(worker)) totals.update(worker, snapshot);
  }

  return {
    ...createSharedAnswers(clock),
    metrics: async () => {
      round ??= Promise.allSettled([...connected].map(update)).finally(() => {
        round = undefined;
      });
      await round;
      return totals.expose();
    },
  };
}
