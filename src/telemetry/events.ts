// What happens in the business, one function an event: each writes its log line and counts in its metric together,
// so that the two cannot drift apart. Nothing here takes a token, a body or a URL's query.
import type { Logger } from './logger.ts';
import type { InsuredLimit, Metrics, SignedKind } from './metrics.ts';
import type { RequestEnd, RequestRecord } from './request-record.ts';
import { createTlsEvents, type TlsEvents } from './tls-events.ts';

export interface Events extends TlsEvents {
  requestEnded(record: RequestRecord, end: RequestEnd): void;
  keyLookedUp(tier: string, outcome: string): void;
  sharedRecordRejected(): void;
  sharedCacheDown(cause: unknown): void;
  sharedCacheUp(): void;
  revocationFeedDown(cause: unknown): void;
  revocationFeedUp(): void;
  keyUsageNotStored(cause: unknown): void;
  bootstrapped(keyId: string): void;
  unknownRatePlan(plan: string): void;
  /** A call was judged without what instances count together. */
  limitInsured(limit: InsuredLimit): void;
  /** A creating call remembered within this instance only. */
  creationInsured(): void;
  byteUsageLost(keys: number): void;
  /** So many signatures were made: parts are signed many at a time. */
  /** S3's answer bears a time that is so far ahead of this machine's clock. */
  storageClockRead(destination: string, aheadMs: number): void;
  presigned(destination: string, kind: SignedKind, signer: 'native' | 'sdk', count: number): void;
  signerChosen(
    destination: string,
    choice: { readonly signer: 'native' | 'sdk'; readonly reason: string },
  ): void;
  credentialsFailed(destination: string, cause: unknown): void;
  listenerFailed(cause: unknown): void;
  listening(where: { readonly host: string; readonly port: number }): void;
  draining(): void;
  stopped(outcome: { readonly clean: boolean; readonly cutConnections: number }): void;
}

/** Paths that monitoring asks for all the time; their success is not worth a line. */
const QUIET_ROUTES: ReadonlySet<string> = new Set([
  '/health',
  '/livez',
  '/readyz',
  '/metrics',
  'grpc.health.v1.Health/Check',
]);

/** S3 refuses what was signed more than 15 minutes away from its own time. */
const CLOCK_WARNING_MS = 5 * 60_000;

export function createEvents(logger: Logger, metrics: Metrics): Events {
  /** Destinations of which it has been told. */
  const farOff = new Set<string>();
  return {
    ...createTlsEvents(logger, metrics),
    requestEnded: (record, end) => {
      metrics.requestEnded(record, end.durationMs / 1000);
      const level = levelOf(record, end);
      if (logger.isLevelEnabled(level)) logger[level](requestLine(record, end), 'request');
    },
    keyLookedUp: (tier, outcome) => metrics.keyLookedUp(tier, outcome),
    sharedRecordRejected: () => {
      metrics.sharedRecordRejected();
      logger.warn('dropped a value from the shared key cache that was not authentic');
    },
    sharedCacheDown: (err) =>
      logger.warn({ err }, 'the shared key cache does not answer; keys are read from the store'),
    sharedCacheUp: () => logger.info('the shared key cache answers'),
    revocationFeedDown: (err) =>
      logger.warn({ err }, 'key changes cannot be read from the store; trying again'),
    revocationFeedUp: () => logger.info('key changes are read from the store again'),
    keyUsageNotStored: (err) => logger.warn({ err }, 'when keys were last used could not be stored yet'),
    bootstrapped: (keyId) => logger.warn({ keyId }, 'the key store was empty; an administrator was made'),
    unknownRatePlan: (plan) =>
      logger.warn({ plan }, 'keys name a rate plan that the settings do not have; the default plan applies'),
    limitInsured: (limit) => metrics.limitInsured(limit),
    creationInsured: () => metrics.creationInsured(),
    byteUsageLost: (keys) =>
      logger.error({ keys }, 'bytes that were granted while the store was away could not be booked'),
    storageClockRead: (destination, aheadMs) => {
      metrics.storageClockRead(destination, aheadMs / 1000);
      const isFarOff = Math.abs(aheadMs) > CLOCK_WARNING_MS;
      if (isFarOff && !farOff.has(destination))
        logger.warn({ destination, aheadMs }, 'the clocks of S3 and of this machine differ; run NTP here');
      if (isFarOff) farOff.add(destination);
      else farOff.delete(destination);
    },
    presigned: (destination, kind, signer, count) => metrics.presigned(destination, kind, signer, count),
    signerChosen: (destination, { signer, reason }) => {
      metrics.signerChosen(destination, signer);
      if (reason === 'mismatch') {
        logger.warn({ destination }, 'the native signer differs from the AWS SDK; the SDK signs from now on');
      } else {
        logger.info({ destination, signer, reason }, 'signer chosen');
      }
    },
    credentialsFailed: (destination, err) =>
      logger.warn({ destination, err }, 'S3 credentials could not be obtained; trying again'),
    listenerFailed: (err) => logger.error({ err }, 'the listening socket failed'),
    listening: (where) => logger.info(where, 'listening'),
    draining: () => logger.info('draining: no new calls, running ones finish'),
    stopped: (outcome) => logger[outcome.clean ? 'info' : 'warn'](outcome, 'stopped'),
  };
}

function levelOf(
  { route, code }: RequestRecord,
  { status }: RequestEnd,
): 'debug' | 'info' | 'warn' | 'error' {
  if (code === 'internal') return 'error';
  if (code === 'unavailable' || status >= 500) return 'warn';
  return QUIET_ROUTES.has(route) && status < 400 ? 'debug' : 'info';
}

function requestLine(record: RequestRecord, end: RequestEnd): Record<string, unknown> {
  const line = {
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
  };
  return record.cause === undefined ? line : { ...line, err: record.cause };
}
