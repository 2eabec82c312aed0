// What becomes of requests: see events.ts.
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Level, WriteLine } from './plain-lines.ts';
import type { RequestEnd, RequestRecord } from './request-record.ts';
import type { Tracing } from './tracing.ts';

export interface RequestEvents {
  requestEnded(record: RequestRecord, end: RequestEnd): void;
}

/** Paths that monitoring asks for all the time; their success is not worth a line. */
const QUIET_ROUTES: ReadonlySet<string> = new Set([
  '/health',
  '/livez',
  '/readyz',
  '/metrics',
  'grpc.health.v1.Health/Check',
]);

export interface RequestEventsDeps {
  readonly logger: Logger;
  readonly writeLine: WriteLine;
  readonly metrics: Pick<Metrics, 'requestEnded'>;
  readonly tracing: Tracing | undefined;
}

export function createRequestEvents({
  logger,
  writeLine,
  metrics,
  tracing,
}: RequestEventsDeps): RequestEvents {
  return {
    requestEnded: (record, end) => {
      metrics.requestEnded(record, end.durationMs / 1000);
      tracing?.requestEnded(record, end);
      const level = levelOf(record, end);
      if (!logger.isLevelEnabled(level)) return;
      const line = requestLine(record, end);
      if (record.cause === undefined) writeLine(level, line, 'request');
      else logger[level]({ ...line, err: record.cause }, 'request');
    },
  };
}

function levelOf({ route, code, reason, cause }: RequestRecord, { status }: RequestEnd): Level {
  // A line for each would be work that an overload lacks the time for; they are counted.
  if (reason === 'OVERLOADED') return 'debug';
  // With neither, it is what gRPC has a server call a caller's broken framing: no reason to wake anybody.
  if (code === 'internal' && (reason !== undefined || cause !== undefined)) return 'error';
  if (code === 'unavailable' || status >= 500) return 'warn';
  return QUIET_ROUTES.has(route) && status < 400 ? 'debug' : 'info';
}

function requestLine(record: RequestRecord, end: RequestEnd) {
  return {
    requestId: record.requestId,
    method: end.method,
    path: end.path,
    status: end.status,
    requestBytes: end.requestBytes,
    httpVersion: end.httpVersion,
    durationMs: Math.round(end.durationMs * 100) / 100,
    protocol: record.protocol,
    route: record.route,
    code: record.code,
    reason: record.reason,
    keyId: record.keyId,
    owner: record.owner,
    uploadTokenId: record.uploadTokenId,
    remoteAddress: record.remoteAddress,
    traceId: record.traceId,
  };
}
