// A collector that fails costs its spans and metrics, and nobody else anything.
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openCollector } from '../support/otlp-collector.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { getUpload } from '../support/upload-calls.ts';

const FAST = {
  ...UNREACHABLE_S3,
  OTEL_EXPORTER_OTLP_TIMEOUT: '400',
  OTEL_BSP_SCHEDULE_DELAY: '20',
  OTEL_METRIC_EXPORT_INTERVAL: '50',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a-secret-of-the-collector',
};
const FAILING = 'the OpenTelemetry collector does not take exports';
const RECOVERED = 'the OpenTelemetry collector takes exports again';

async function callManyTimes({ url, token }: Service): Promise<void> {
  for (let round = 0; round < 20; round++) await getUpload(url, token);
}

const linesOf = ({ program }: Service, message: string) => program.log().filter(({ msg }) => msg === message);

/** A port on which nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

describe('a collector', () => {
  it('that hangs, refuses and answers nonsense is told of once each time, and does not hold up the stop', async () => {
    await using collector = await openCollector();
    collector.setMood('hang');
    await using service = await openService({ ...FAST, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await callManyTimes(service);
    await service.program.untilPrinted('"signal":"traces","why"');
    await service.program.untilPrinted('"signal":"metrics","why"');
    await callManyTimes(service);
    collector.setMood('refuse');
    await callManyTimes(service);
    expect(linesOf(service, FAILING)).toHaveLength(2);

    collector.setMood('lie');
    await callManyTimes(service);
    await service.program.untilPrinted(RECOVERED);
    collector.setMood('take');
    await callManyTimes(service);
    await collector.untilSpans();
    expect(linesOf(service, 'request').every(({ status }) => status === 200)).toBe(true);

    collector.setMood('hang');
    await callManyTimes(service);
    expect(await service.program.stop()).toBe(0);
    for (const signal of ['traces', 'metrics']) {
      const told = service.program.log().filter((line) => line['signal'] === signal);
      expect(told.length).toBeGreaterThan(1);
      expect(told.map(({ msg }) => msg)).toEqual(
        told.map((_, index) => (index % 2 === 0 ? FAILING : RECOVERED)),
      );
    }
  });

  it('that is down costs one line of log for each signal', async () => {
    await using service = await openService({ ...FAST, OTEL_EXPORTER_OTLP_ENDPOINT: await deadUrl() });
    await callManyTimes(service);
    await service.program.untilPrinted('"signal":"traces","why":"connect ECONNREFUSED');
    await service.program.untilPrinted('"signal":"metrics","why":"connect ECONNREFUSED');
    await callManyTimes(service);
    expect(await service.program.stop()).toBe(0);
    expect(linesOf(service, FAILING)).toHaveLength(2);
    expect(linesOf(service, 'request').every(({ status }) => status === 200)).toBe(true);
  });
});
