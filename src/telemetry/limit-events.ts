// What becomes of limits, of callers and of the service itself: see events.ts.

import type { InsuredLimit, ShedCause } from './limit-metrics.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

export interface LimitEvents {
  unknownRatePlan(plan: string): void;
  /** A call was judged without what instances count together. */
  limitInsured(limit: InsuredLimit): void;
  /** A creating call remembered within this instance only. */
  creationInsured(): void;
  byteUsageLost(keys: number): void;
  /** A call or a connection was refused to stay within bounds. */
  shed(cause: ShedCause): void;
  overloaded(delayMs: number): void;
  recovered(): void;
}

export function createLimitEvents(
  logger: Logger,
  metrics: Metrics,
  tracing: Tracing | undefined,
): LimitEvents {
  return {
    unknownRatePlan: (plan) =>
      logger.warn({ plan }, 'keys name a rate plan that the settings do not have; the default plan applies'),
    limitInsured: (limit) => {
      metrics.limitInsured(limit);
      tracing?.note('limit insured', { limit });
    },
    creationInsured: () => {
      metrics.creationInsured();
      tracing?.note('creation insured', {});
    },
    byteUsageLost: (keys) =>
      logger.error({ keys }, 'bytes that were granted while the store was away could not be booked'),
    shed: (cause) => metrics.shed(cause),
    overloaded: (delayMs) =>
      logger.warn(
        { delayMs: Math.round(delayMs) },
        'overloaded: new calls are refused until the event loop keeps up',
      ),
    recovered: () => logger.info('no longer overloaded'),
  };
}
