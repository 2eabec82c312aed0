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
