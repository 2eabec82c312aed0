import type { Logger } from './logger.ts';
import type { TlsFailureKind, TlsMetrics } from './tls-metrics.ts';

/** When a certificate is valid, in wall-clock milliseconds. */
interface Validity {
  readonly validFromMs: number;
  readonly expiresAtMs: number;
}

export interface TlsEvents {
  /** At the start, and whenever another certificate takes its place. */
  tlsCertificateUsed(validity: Validity, nowMs: number, occasion: 'start' | 'reload'): void;
  tlsReloadRefused(cause: unknown): void;
  /** Anybody can make one, so it is counted and not told. */
  tlsFailed(failure: TlsFailureKind): void;
}

export function createTlsEvents(logger: Logger, metrics: TlsMetrics): TlsEvents {
  return {
    tlsCertificateUsed: ({ validFromMs, expiresAtMs }, nowMs, occasion) => {
      metrics.tlsCertificateUsed(expiresAtMs / 1000, occasion);
      const line = { expiresAt: new Date(expiresAtMs).toISOString(), occasion };
      if (expiresAtMs <= nowMs) logger.warn(line, 'the TLS certificate has expired; clients will refuse it');
      else if (validFromMs > nowMs)
        logger.warn(line, 'the TLS certificate is not valid yet; clients will refuse it');
      else logger.info(line, 'TLS certificate in use');
    },
    tlsReloadRefused: (err) => {
      metrics.tlsReloadRefused();
      logger.warn({ err }, 'the TLS certificate in its files cannot be used; the old one stays');
    },
    tlsFailed: (failure) => metrics.tlsFailed(failure),
  };
}
