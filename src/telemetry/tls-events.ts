import type { Logger } from './logger.ts';
import type { TlsFailureKind, TlsMetrics } from './tls-metrics.ts';

/** When a certificate is valid, in wall-clock milliseconds. */
interface Validity {
  readonly validFromMs: number;
  readonly expiresAtMs: number;
  /** Of the first of the revocation lists to end; undefined without any. */
  readonly clientCrlExpiresAtMs?: number | undefined;
}

export interface TlsEvents {
  /** At the start, and whenever other files take their place, which may have cut connections of revoked certificates. */
  tlsCertificateUsed(
    validity: Validity,
    nowMs: number,
    occasion: 'start' | 'reload',
    revokedConnections?: number,
  ): void;
  tlsReloadRefused(cause: unknown): void;
  /** Anybody can make one, so it is counted and not told. */
  tlsFailed(failure: TlsFailureKind): void;
}

export function createTlsEvents(logger: Logger, metrics: TlsMetrics): TlsEvents {
  function revocationListUsed(
    expiresAtMs: number,
    nowMs: number,
    revokedConnections: number | undefined,
  ): void {
    metrics.tlsClientCrlUsed(expiresAtMs / 1000);
    const expiresAt = Number.isFinite(expiresAtMs) ? new Date(expiresAtMs).toISOString() : 'never';
    const line = { expiresAt, revokedConnections };
    if (expiresAtMs <= nowMs)
      logger.warn(line, 'a revocation list of client certificates has expired; none of its CA is believed');
    else logger.info(line, 'revocation lists of client certificates in use');
  }

  return {
    tlsCertificateUsed: (validity, nowMs, occasion, revokedConnections) => {
      const { validFromMs, expiresAtMs, clientCrlExpiresAtMs } = validity;
      metrics.tlsCertificateUsed(expiresAtMs / 1000, occasion);
      const line = { expiresAt: new Date(expiresAtMs).toISOString(), occasion };
      if (clientCrlExpiresAtMs !== undefined)
        revocationListUsed(clientCrlExpiresAtMs, nowMs, revokedConnections);
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
