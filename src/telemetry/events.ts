// What happens in the business, one function an event: each writes its log line, counts in its metric and notes in the
// span of the request together, so that they cannot drift apart. Nothing here takes a token, a body or a URL's query.
import { createDestinationEvents, type DestinationEvents } from './destination-events.ts';
import { createKeyEvents, type KeyEvents } from './key-events.ts';
import { createLifeEvents, type LifeEvents } from './life-events.ts';
import { createLimitEvents, type LimitEvents } from './limit-events.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { WriteLine } from './plain-lines.ts';
import { createRequestEvents, type RequestEvents } from './request-events.ts';
import { createTlsEvents, type TlsEvents } from './tls-events.ts';
import type { Tracing } from './tracing.ts';

export interface Events
  extends RequestEvents,
    KeyEvents,
    LimitEvents,
    DestinationEvents,
    TlsEvents,
    LifeEvents {}

export interface EventsOptions {
  /** Undefined: off. */
  readonly tracing?: Tracing | undefined;
  /** What writes the line of each request. Left out: the logger. */
  readonly writeLine?: WriteLine;
}

export function createEvents(
  logger: Logger,
  metrics: Metrics,
  { tracing, writeLine = (level, fields, message) => logger[level](fields, message) }: EventsOptions = {},
): Events {
  return {
    ...createRequestEvents({ logger, writeLine, metrics, tracing }),
    ...createKeyEvents(logger, metrics, tracing),
    ...createLimitEvents(logger, metrics, tracing),
    ...createDestinationEvents(logger, metrics, tracing),
    ...createTlsEvents(logger, metrics),
    ...createLifeEvents(logger),
  };
}
