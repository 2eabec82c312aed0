// What the primary and its workers tell each other. They are one program and trust each other.
import type { KeyDigest } from '../keys/api-key.ts';
import type { SharedRateCounts, SharedTokenCounts } from '../quota/ports.ts';
import type { MetricSnapshot, MetricsPage } from '../telemetry/metric-totals.ts';
import type { CreationMemory } from '../uploads/ports.ts';
import type { ExchangeMessage } from './exchange.ts';

/** What one worker has learned and the others must know. */
export type News =
  | { readonly about: 'failure'; readonly address: string }
  | { readonly about: 'change'; readonly digest: KeyDigest; readonly version: number };

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/** What workers ask the primary, which counts and remembers for all of them. */
export type PrimaryAnswers = Readonly<{
  takeCall: SharedRateCounts['take'];
  takeToken: SharedTokenCounts['take'];
  remember: CreationMemory['remember'];
  replace: CreationMemory['replace'];
  recall: CreationMemory['recall'];
  /** The metrics of all workers together. */
  metrics: () => Promise<MetricsPage>;
  /** Resolves when no worker takes connections any more. For a service that stops. */
  closed: () => Promise<void>;
}>;

/** What the primary asks a worker. */
export type WorkerAnswers = Readonly<{
  snapshot: () => Promise<MetricSnapshot>;
  /** Answered by an event loop that runs. */
  beat: () => Promise<void>;
}>;

export type FromWorker =
  | ExchangeMessage
  | { readonly type: 'ready'; readonly address: ListeningAddress }
  | { readonly type: 'news'; readonly news: readonly News[] }
  /** The last word of a worker that ends in good order. */
  | { readonly type: 'final'; readonly snapshot: MetricSnapshot };

export type FromPrimary =
  | ExchangeMessage
  /** The first word, with the number of the worker's place, from 1. */
  | { readonly type: 'welcome'; readonly worker: number }
  | { readonly type: 'news'; readonly news: readonly News[] }
  /** So many workers serve, the one that is told included. */
  | { readonly type: 'live'; readonly workers: number }
  /** `replaced`: another worker has taken its place, so nobody needs to be told that the service stops. */
  | { readonly type: 'stop'; readonly replaced: boolean };
