// What becomes of API keys and of the caches in front of them: see events.ts.
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

export interface KeyEvents {
  keyLookedUp(tier: string, outcome: string): void;
  sharedRecordRejected(): void;
  sharedCacheDown(cause: unknown): void;
  sharedCacheUp(): void;
  revocationFeedDown(cause: unknown): void;
  revocationFeedUp(): void;
  /** A change that another process made is known here, that long after it happened. */
  keyChangePropagated(via: string, delayMs: number): void;
  keyUsageNotStored(cause: unknown): void;
  bootstrapped(keyId: string): void;
}

export function createKeyEvents(logger: Logger, metrics: Metrics, tracing: Tracing | undefined): KeyEvents {
  return {
    keyLookedUp: (tier, outcome) => {
      metrics.keyLookedUp(tier, outcome);
      tracing?.note('key lookup', { tier, outcome });
    },
    sharedRecordRejected: () => {
      metrics.sharedRecordRejected();
      tracing?.note('shared record rejected', {});
      logger.warn('dropped a value from the shared key cache that was not authentic');
    },
    sharedCacheDown: (err) =>
      logger.warn({ err }, 'the shared key cache does not answer; keys are read from the store'),
    sharedCacheUp: () => logger.info('the shared key cache answers'),
    revocationFeedDown: (err) =>
      logger.warn({ err }, 'key changes cannot be read from the store; trying again'),
    revocationFeedUp: () => logger.info('key changes are read from the store again'),
    keyChangePropagated: (via, delayMs) => metrics.keyChangePropagated(via, delayMs / 1000),
    keyUsageNotStored: (err) => logger.warn({ err }, 'when keys were last used could not be stored yet'),
    bootstrapped: (keyId) => logger.warn({ keyId }, 'the key store was empty; an administrator was made'),
  };
}
