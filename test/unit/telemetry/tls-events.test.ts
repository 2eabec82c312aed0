import { describe, expect, it } from 'vitest';
import { createEvents } from '../../../src/telemetry/events.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const NOW_MS = Date.UTC(2026, 10, 26);
const DAY_MS = 86_400_000;

function setUp() {
  const metrics = createMetrics('0');
  const lines: string[] = [];
  const at = (level: string) => (_: object, text: string) => void lines.push(`${level}: ${text}`);
  const logger = { info: at('info'), warn: at('warn') } as unknown as Logger;
  return { lines, events: createEvents(logger, metrics), page: async () => (await metrics.expose()).body };
}

describe('the certificate in use', () => {
  it.each([
    [-DAY_MS, DAY_MS, 'info: TLS certificate in use'],
    [-2 * DAY_MS, -DAY_MS, 'warn: the TLS certificate has expired; clients will refuse it'],
    [DAY_MS, 2 * DAY_MS, 'warn: the TLS certificate is not valid yet; clients will refuse it'],
  ])('is told of, loudly where clients will refuse it', (fromMs, untilMs, line) => {
    const { lines, events } = setUp();
    events.tlsCertificateUsed(
      { validFromMs: NOW_MS + fromMs, expiresAtMs: NOW_MS + untilMs },
      NOW_MS,
      'start',
    );
    expect(lines).toEqual([line]);
  });

  it('is in the metrics with its end, and only where there is one', async () => {
    const { events, page } = setUp();
    expect(await page()).not.toContain('presignd_tls_');
    events.tlsCertificateUsed({ validFromMs: 0, expiresAtMs: NOW_MS }, NOW_MS - 1, 'start');
    expect(await page()).toContain(`presignd_tls_certificate_expiry_seconds ${NOW_MS / 1_000}\n`);
  });
});

describe('revocation lists in use', () => {
  it('are told of with their end, loudly where they have none left, and are in the metrics', async () => {
    const { lines, events, page } = setUp();
    const validity = { validFromMs: 0, expiresAtMs: NOW_MS + DAY_MS };
    events.tlsCertificateUsed({ ...validity, clientCrlExpiresAtMs: NOW_MS + 1_000 }, NOW_MS, 'start');
    expect(await page()).toContain(`presignd_tls_client_crl_expiry_seconds ${NOW_MS / 1_000 + 1}\n`);
    events.tlsCertificateUsed({ ...validity, clientCrlExpiresAtMs: NOW_MS }, NOW_MS, 'reload', 2);
    expect(lines.filter((line) => line.includes('revocation'))).toEqual([
      'info: revocation lists of client certificates in use',
      'warn: a revocation list of client certificates has expired; none of its CA is believed',
    ]);
  });

  it('that never end are no alarm', async () => {
    const { events, page } = setUp();
    const validity = { validFromMs: 0, expiresAtMs: NOW_MS + DAY_MS };
    events.tlsCertificateUsed(validity, NOW_MS, 'start');
    expect(await page()).not.toContain('crl_expiry');
    events.tlsCertificateUsed(
      { ...validity, clientCrlExpiresAtMs: Number.POSITIVE_INFINITY },
      NOW_MS,
      'start',
    );
    expect(await page()).toMatch(/presignd_tls_client_crl_expiry_seconds (?:\+Inf|Inf)\n/);
  });
});

describe('what goes wrong with TLS', () => {
  it('is counted by reason, and told only where it is ours', async () => {
    const { lines, events, page } = setUp();
    for (const failure of ['closed', 'timeout', 'timeout', 'protocol', 'client-certificate'] as const)
      events.tlsFailed(failure);
    expect(lines).toEqual([]);
    events.tlsReloadRefused(new Error('half a pair'));
    expect(lines).toEqual(['warn: the TLS certificate in its files cannot be used; the old one stays']);
    const body = await page();
    expect(body).toContain('presignd_tls_failures_total{reason="timeout"} 2\n');
    expect(body).toContain('presignd_tls_reloads_total{outcome="refused"} 1\n');
  });
});
