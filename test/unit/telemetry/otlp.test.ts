import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { type Otlp, type OtlpOptions, openOtlp } from '../../../src/telemetry/otlp.ts';
import type { RequestEnd, RequestRecord } from '../../../src/telemetry/request-record.ts';
import type { Tracing } from '../../../src/telemetry/tracing.ts';
import { type OtlpCollector, openCollector } from '../../support/otlp-collector.ts';
import type { SentSpan } from '../../support/otlp-messages.ts';
import { createRecord } from '../../support/test-doors.ts';

const END: RequestEnd = {
  method: 'POST',
  path: '/secret-path',
  status: 200,
  durationMs: 1,
  httpVersion: '1.1',
};
const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

let collector: OtlpCollector;
beforeEach(async () => {
  collector = await openCollector();
});
afterEach(() => collector[Symbol.asyncDispose]());

function open(more: Partial<OtlpOptions> = {}): Otlp {
  return openOtlp({
    tracesUrl: `${collector.url}/v1/traces`,
    metricsUrl: undefined,
    headers: {},
    timeoutMs: 5_000,
    sampler: 'parentbased_always_on',
    samplerRatio: 1,
    traceDelayMs: 5_000,
    metricIntervalMs: 60_000,
    resource: { 'service.name': 'a-test' },
    version: '1.2.3',
    registry: createMetrics('1.2.3').registry,
    startedAtMs: 0,
    redact: (text) => text.replaceAll('hush', '[redacted]'),
    onExport: () => {},
    ...more,
  });
}

/** The spans of what happens within one request, as the collector has them in the end. */
async function trace(
  serve: (tracing: Tracing, record: RequestRecord) => unknown,
  { headers = {}, record = createRecord(), end = END, ...options }: TraceOptions = {},
): Promise<readonly SentSpan[]> {
  await using otlp = open(options);
  const tracing = otlp.tracing;
  if (tracing === undefined) return [];
  let served: unknown;
  tracing.serve({ headers }, record, () => {
    served = serve(tracing, record);
  });
  await served;
  tracing.requestEnded(record, end);
  await otlp[Symbol.asyncDispose]();
  return collector.spans();
}

interface TraceOptions extends Partial<OtlpOptions> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly record?: RequestRecord;
  readonly end?: RequestEnd;
}

describe('which requests are traced', () => {
  it.each([
    ['always_on', 0, '01', 1],
    ['always_off', 1, '01', 0],
    ['traceidratio', 0, '01', 0],
    ['traceidratio', 1, '00', 1],
    ['parentbased_always_on', 1, '00', 0],
    ['parentbased_always_off', 1, '01', 1],
    ['parentbased_traceidratio', 0, '01', 1],
  ] as const)(
    'is up to %s with the ratio %d and the caller’s flags %s',
    async (sampler, samplerRatio, flags, count) => {
      const headers = { traceparent: `${TRACEPARENT.slice(0, -2)}${flags}` };
      expect(await trace(() => {}, { sampler, samplerRatio, headers })).toHaveLength(count);
    },
  );

  it('is nobody’s decision where only metrics are exported', async () => {
    const metricsUrl = `${collector.url}/v1/metrics`;
    await using otlp = open({ tracesUrl: undefined, metricsUrl });
    expect(otlp.tracing).toBeUndefined();
    await otlp[Symbol.asyncDispose]();
    expect(collector.metrics().map(({ name }) => name)).toContain('presignd_build_info');
    expect(collector.requests().map(({ path }) => path)).toEqual(['/v1/metrics']);
  });
});

describe('a span of a request', () => {
  it.each([
    '',
    'garbage',
    `${TRACEPARENT}-more`,
    `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    `${TRACEPARENT}, ${TRACEPARENT}`,
  ])('begins a trace of its own where traceparent is "%s"', async (traceparent) => {
    const [span] = await trace(() => {}, { headers: { traceparent, tracestate: 'a=b' } });
    expect(span).toMatchObject({ parentSpanId: '', traceState: '' });
  });

  it('leaves out a tracestate and an id of the request that hold a secret', async () => {
    const [span] = await trace(() => {}, {
      headers: { traceparent: TRACEPARENT, tracestate: 'a=hush' },
      record: { ...createRecord(), requestId: 'hush' },
    });
    expect(span).toMatchObject({ traceId: 'a'.repeat(32), traceState: '' });
    expect(span?.attributes['presignd.request_id']).toBe('[redacted]');
  });

  it('is an error where this side failed, and says why', async () => {
    const record = {
      ...createRecord(),
      route: 'a.v1.B/C',
      protocol: 'grpc',
      code: 'unavailable',
      reason: 'STORE_UNAVAILABLE',
    };
    const [span] = await trace(() => {}, { record });
    expect(span).toMatchObject({ name: 'a.v1.B/C', status: 2 });
    expect(span?.attributes).toMatchObject({ 'error.type': 'STORE_UNAVAILABLE', 'rpc.system': 'grpc' });
  });

  it.each(['HUSH', 'zq'.repeat(50)])(
    'does not repeat the method %s that a caller made up',
    async (method) => {
      const [span] = await trace(() => {}, { end: { ...END, method } });
      expect(span?.name).toBe('_OTHER');
      expect(JSON.stringify(span)).not.toMatch(/HUSH|zq|secret-path/);
    },
  );
});

describe('a traced port', () => {
  const port = {
    ask: async (question: string) => `answer to ${question}`,
    fail: async () => Promise.reject(new Fault('STORE_UNAVAILABLE', { cause: new Error('hush') })),
    count: (): number => 42,
    other: () => 'untraced',
  };
  const traced = (tracing: Tracing) =>
    tracing.port(port, {
      system: 'store',
      methods: ['ask', 'fail', 'count'],
      attributes: { 'db.system.name': 'x' },
    });

  it('answers and fails as the port does, with a span for each call', async () => {
    const spans = await trace(async (tracing) => {
      const { ask, fail, count, other } = traced(tracing);
      expect(await ask('this')).toBe('answer to this');
      await expect(fail()).rejects.toMatchObject({ reason: 'STORE_UNAVAILABLE' });
      expect(count()).toBe(42);
      expect(other()).toBe('untraced');
    });
    const server = spans.find(({ kind }) => kind === 2);
    expect(spans.filter(({ kind }) => kind === 3)).toMatchObject(
      ['store ask', 'store fail', 'store count'].map((name) => ({ name, parentSpanId: server?.spanId })),
    );
    const failed = spans.find(({ name }) => name === 'store fail');
    expect(failed).toMatchObject({ status: 2, attributes: { 'error.type': 'STORE_UNAVAILABLE' } });
    expect(JSON.stringify(spans)).not.toContain('hush');
  });

  it('has none outside of requests, nor after the request has ended', async () => {
    let later = async () => {};
    const spans = await trace((tracing, record) => {
      const { ask } = traced(tracing);
      const ended = new Promise<void>((resolve) => setImmediate(resolve));
      later = async () => {
        await ended;
        await ask('in the background');
      };
      tracing.note('something', { happened: true });
      tracing.requestEnded(record, END);
      return later();
    });
    expect(spans.map(({ kind }) => kind)).toEqual([2]);
    expect(spans[0]?.events).toEqual([{ name: 'something', attributes: { happened: true } }]);
  });
});

describe('what is exported at the end', () => {
  it('is given up after one time-out where the collector hangs, and told of', async () => {
    collector.setMood('hang');
    const told: (string | undefined)[] = [];
    const spans = await trace(() => {}, { timeoutMs: 50, onExport: (_, error) => told.push(error?.message) });
    expect(spans).toEqual([]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/time|timed/);
  });
});
