import { expect, it } from 'vitest';
import { createMetricTotals } from '../../../src/telemetry/metric-totals.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const CALL = { protocol: 'rest', route: 'a', code: 'ok' };

function setUp() {
  const totals = createMetricTotals();
  const workers = [1, 2].map(() => createMetrics('1.2.3'));
  const tell = async () => {
    for (const worker of workers) totals.update(worker, await worker.snapshot());
  };
  const value = async (series: string) => {
    const { body } = await totals.expose();
    const line = body.split('\n').find((text) => text.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
  return { totals, workers, tell, value };
}

it('adds up counters and histograms, and does not count anything twice', async () => {
  const { workers, tell, value } = setUp();
  for (const worker of workers) worker.requestEnded(CALL, 0.003);
  workers[0]?.requestEnded(CALL, 3);
  await tell();
  await tell();
  expect(await value('presignd_requests_total{protocol="rest",route="a",code="ok"}')).toBe(3);
  const series = (labels: string) =>
    `presignd_request_duration_seconds_bucket{${labels},protocol="rest",route="a"}`;
  expect(await value(series('le="0.005"'))).toBe(2);
  expect(await value(series('le="+Inf"'))).toBe(3);
});

it('keeps the counts of a worker that ended, and forgets what was true of it', async () => {
  const { totals, workers, tell, value } = setUp();
  const [ended] = workers;
  for (const worker of workers) worker.requestEnded(CALL, 0.003);
  ended?.signerChosen('default', 'sdk');
  workers[1]?.signerChosen('default', 'native');
  await tell();
  expect(await value('presignd_signer_native{destination="default"}')).toBe(0);
  if (ended) totals.retire(ended);
  expect(await value('presignd_requests_total{protocol="rest",route="a",code="ok"}')).toBe(2);
  expect(await value('presignd_request_duration_seconds_count{protocol="rest",route="a"}')).toBe(2);
  expect(await value('presignd_signer_native{destination="default"}')).toBe(1);
});

it('tells of workers that never told anything, too', async () => {
  const { totals, value } = setUp();
  totals.liveWorkers(2);
  totals.workerEnded('crash');
  totals.retire({});
  expect(await value('presignd_workers')).toBe(2);
  expect(await value('presignd_worker_ends_total{how="crash"}')).toBe(1);
  expect(await value('presignd_worker_ends_total{how="restart"}')).toBe(0);
});
