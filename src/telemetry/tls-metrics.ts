import { Counter, Gauge, type Registry } from 'prom-client';

/** Why a connection was not secured, or the certificate of its client was not believed. */
export type TlsFailureKind = 'closed' | 'timeout' | 'protocol' | 'client-certificate';

export interface TlsMetrics {
  /** Unix time at which the certificate in use expires. */
  tlsCertificateUsed(expiresAtSeconds: number, occasion: 'start' | 'reload'): void;
  /** Unix time at which the first of the revocation lists of client certificates expires. */
  tlsClientCrlUsed(expiresAtSeconds: number): void;
  tlsReloadRefused(): void;
  tlsFailed(failure: TlsFailureKind): void;
}

/** They appear with the first certificate: without TLS, an expiry of 0 would be an alarm. */
export function createTlsMetrics(registry: Registry): TlsMetrics {
  let made: ReturnType<typeof make> | undefined;
  let crlExpiry: Gauge | undefined;
  const series = () => (made ??= make(registry));
  return {
    tlsCertificateUsed: (expiresAtSeconds, occasion) => {
      series().expiry.set(expiresAtSeconds);
      if (occasion === 'reload') series().reloads.inc({ outcome: 'used' });
    },
    tlsClientCrlUsed: (expiresAtSeconds) => {
      crlExpiry ??= makeCrlExpiry(registry);
      crlExpiry.set(expiresAtSeconds);
    },
    tlsReloadRefused: () => series().reloads.inc({ outcome: 'refused' }),
    tlsFailed: (failure) => series().failures.inc({ reason: failure }),
  };
}

function makeCrlExpiry(registry: Registry) {
  return new Gauge({
    name: 'presignd_tls_client_crl_expiry_seconds',
    help: 'When the first of the revocation lists of client certificates expires, in Unix time.',
    aggregator: 'min',
    registers: [registry],
  });
}

function make(registry: Registry) {
  const registers = [registry];
  return {
    expiry: new Gauge({
      name: 'presignd_tls_certificate_expiry_seconds',
      help: 'When the TLS certificate in use expires, in Unix time.',
      // Workers that follow the same files differ for as long as one of them has not looked.
      aggregator: 'min',
      registers,
    }),
    reloads: new Counter({
      name: 'presignd_tls_reloads_total',
      help: 'Changed TLS files, by whether they were used or refused.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    failures: new Counter({
      name: 'presignd_tls_failures_total',
      help: 'Connections that were not secured and client certificates that were not believed, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
  };
}
