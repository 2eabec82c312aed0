// The primary's side of one worker: a process of node:cluster, which deals the connections in turn.
import cluster from 'node:cluster';
import type { Schedule } from '../keys/clock.ts';
import type { MetricSnapshot } from '../telemetry/metric-totals.ts';
import type { WorkerEnd } from '../telemetry/worker-events.ts';
import { createExchange } from './exchange.ts';
import type {
  FromPrimary,
  FromWorker,
  ListeningAddress,
  News,
  PrimaryAnswers,
  WorkerAnswers,
} from './messages.ts';
import { watchDealing } from './redeal.ts';
import type { Worker } from './worker.ts';

/** A worker that is too busy to tell what it counted is taken at what it told before. */
const SNAPSHOT_TIMEOUT_MS = 500;

/** Longer than any worker is waited for: whoever asks judges by itself. */
const BEAT_TIMEOUT_MS = 2 * 3_600_000;

export interface ForkedWorker extends Worker {
  /** Rejects when the worker does not answer in time. */
  snapshot(): Promise<MetricSnapshot>;
  /** Does nothing when the worker is gone. */
  tell(message: FromPrimary): void;
}

export interface ForkedWorkerDeps {
  readonly schedule: Schedule;
  readonly answers: PrimaryAnswers;
  readonly onNews: (news: readonly News[]) => void;
  /** Told what a worker has counted that ends in good order. */
  readonly onFinal: (snapshot: MetricSnapshot) => void;
  /** Whether another worker takes connections. */
  readonly othersServe: () => boolean;
}

/** Before the first fork: numbers such as Infinity go through, and connections are dealt in turn on every system. */
export function setUpForks(): void {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ serialization: 'advanced' });
}

/** Runs this very program again, with the same arguments and environment. */
export function forkWorker(number: number, deps: ForkedWorkerDeps): ForkedWorker {
  const { schedule, answers, onNews, onFinal, othersServe } = deps;
  const forked = cluster.fork();
  const { process: child } = forked;
  const dealAgain = watchDealing(child);
  const ready = Promise.withResolvers<ListeningAddress | undefined>();
  const ended = Promise.withResolvers<WorkerEnd>();
  void ended.promise.then(() => ready.resolve(undefined));

  function tell(message: FromPrimary): void {
    // Whether it arrives shows otherwise; without a callback a failure would be an event that nobody expects.
    if (child.connected) child.send(message, () => {});
  }

  const exchange = createExchange<PrimaryAnswers, WorkerAnswers>({
    send: tell,
    answers,
    schedule,
    timeoutMs: (name) => (name === 'beat' ? BEAT_TIMEOUT_MS : SNAPSHOT_TIMEOUT_MS),
  });

  forked.on('message', (message: FromWorker) => {
    if (message.type === 'ready') ready.resolve(message.address);
    else if (message.type === 'news') onNews(message.news);
    else if (message.type === 'final') onFinal(message.snapshot);
    else exchange.receive(message);
  });
  // 'close' comes after 'exit' and the end of the channel: only then has all been heard that the worker had to say.
  child.once('close', (code: number | null, signal: string | null) => {
    exchange.close();
    dealAgain(othersServe());
    ended.resolve({ code, signal });
  });
  // What cannot be sent to a worker that just died, and a process that cannot be made: then nothing else comes.
  forked.on('error', () => {
    if (child.pid === undefined) ended.resolve({ code: 1, signal: null });
  });
  tell({ type: 'welcome', worker: number });

  return {
    pid: child.pid ?? 0,
    ready: ready.promise,
    ended: ended.promise,
    stop: (replaced) => tell({ type: 'stop', replaced }),
    kill: () => child.kill('SIGKILL'),
    beat: () => exchange.ask('beat'),
    snapshot: () => exchange.ask('snapshot'),
    tell,
  };
}
