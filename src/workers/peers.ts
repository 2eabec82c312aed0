// A worker's side: what the workers of one service share without a Redis, through their primary.
import type { Schedule } from '../keys/clock.ts';
import type { FailureLimiter } from '../keys/ports.ts';
import type { MetricSnapshot, MetricsPage } from '../telemetry/metric-totals.ts';
import { createExchange } from './exchange.ts';
import type {
  FromPrimary,
  FromWorker,
  ListeningAddress,
  News,
  PrimaryAnswers,
  WorkerAnswers,
} from './messages.ts';
import { type SharedPorts, sharedThrough } from './shared-ports.ts';

/** The primary does nothing that takes long: one that needs longer is not well. */
const ANSWER_TIMEOUT_MS = 1_000;

/** Workers that are busy come to close late; one that hangs must not hold up the others for long. */
const CLOSED_TIMEOUT_MS = 5_000;

/** News of failures wait so long for company, as guesses come in floods. */
const GATHER_MS = 5;

/** Why a worker is to end: the service stops, another worker has taken its place, or the primary is gone. */
export type StopReason = 'stop' | 'replaced' | 'orphaned';

export interface Peers extends SharedPorts {
  /** The number of this worker's place, from 1. */
  readonly worker: number;
  /** The limiter, told of the failures of all workers, some milliseconds late. */
  shareFailures(local: FailureLimiter): FailureLimiter;
  /** Calls back for changes of keys that other workers made; what it returns tells the others. */
  shareChanges(local: Invalidate): Invalidate;
  /** Has this worker's metrics added to those of the others, and answers the page of all. */
  shareMetrics(snapshot: () => Promise<MetricSnapshot>): () => Promise<MetricsPage>;
  /** Tells the primary that this worker serves. */
  ready(address: ListeningAddress): void;
  /** Aborts, with a StopReason, when this worker is to end. */
  readonly stop: AbortSignal;
  /**
   * Says that this worker takes no connection any more, and resolves when that is true of all. Who tells clients to
   * leave before that would send them to a worker that is about to close. Never rejects, and gives up after 5 s.
   */
  closed(): Promise<void>;
  /** The last word: without it, the process would not end. */
  leave(): Promise<void>;
}

type Invalidate = (digest: Extract<News, { about: 'change' }>['digest'], version: number) => boolean;

/** Joins the other workers, in a process that the primary has made. */
export async function joinPeers(schedule: Schedule): Promise<Peers> {
  const stop = new AbortController();
  const listeners = new Set<(news: News) => void>();
  const welcomed = Promise.withResolvers<number>();
  let gathered: News[] = [];
  let liveWorkers = 1;
  let snapshot: () => Promise<MetricSnapshot> = async () => [];

  const exchange = createExchange<WorkerAnswers, PrimaryAnswers>({
    send: (message) => void send(message),
    answers: { snapshot: () => snapshot(), beat: async () => {} },
    schedule,
    timeoutMs: (name) => (name === 'closed' ? CLOSED_TIMEOUT_MS : ANSWER_TIMEOUT_MS),
  });

  function receive(message: FromPrimary): void {
    if (message.type === 'welcome') welcomed.resolve(message.worker);
    else if (message.type === 'live') liveWorkers = message.workers;
    else if (message.type === 'stop')
      stop.abort((message.replaced ? 'replaced' : 'stop') satisfies StopReason);
    else if (message.type === 'news') hear(message.news);
    else exchange.receive(message);
  }

  function hear(news: readonly News[]): void {
    for (const each of news) for (const listener of listeners) listener(each);
  }

  function tellOthers(news: News): void {
    gathered.push(news);
    if (gathered.length === 1) schedule(news.about === 'change' ? 0 : GATHER_MS, flush);
    else if (news.about === 'change') flush();
  }

  function flush(): void {
    if (gathered.length > 0) void send({ type: 'news', news: gathered });
    gathered = [];
  }

  process.on('message', receive);
  process.once('disconnect', () => {
    exchange.close();
    stop.abort('orphaned' satisfies StopReason);
  });
  const worker = await welcomed.promise;

  return {
    worker,
    ...sharedThrough(exchange, () => liveWorkers),
    shareFailures(local) {
      listeners.add((news) => {
        if (news.about === 'failure') local.recordFailure(news.address);
      });
      return {
        blockedForMs: local.blockedForMs,
        recordFailure(address) {
          local.recordFailure(address);
          tellOthers({ about: 'failure', address });
        },
      };
    },
    shareChanges(local) {
      listeners.add((news) => {
        if (news.about === 'change') local(news.digest, news.version);
      });
      return (digest, version) => {
        const isNews = local(digest, version);
        tellOthers({ about: 'change', digest, version });
        return isNews;
      };
    },
    shareMetrics(own) {
      snapshot = own;
      return () => exchange.ask('metrics');
    },
    ready: (address) => void send({ type: 'ready', address }),
    stop: stop.signal,
    closed: () => exchange.ask('closed').catch(() => {}),
    async leave() {
      flush();
      if (process.connected) await send({ type: 'final', snapshot: await snapshot() });
      if (process.connected) process.disconnect();
    },
  };
}

/** Resolves when the message was handed over, or cannot be: a primary that is gone shows otherwise. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });
}
