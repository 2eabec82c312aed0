// What a collector is sent about requests, seen from the collector.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CreateS3UploadRequestSchema } from '../../gen/upload/v1/upload_service_pb.js';
import { describeWith } from '../support/available.ts';
import { sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import { type OtlpCollector, openCollector } from '../support/otlp-collector.ts';
import type { SentSpan } from '../support/otlp-messages.ts';
import { expectNoSecrets, type LogLine } from '../support/program.ts';
import { openSandbox, type Sandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { getUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;
const ROUTE = 'upload.v1.UploadService/CreateS3Upload';
const OTLP_SECRET = 'a-secret-of-the-collector';

interface Caller {
  readonly traceId: string;
  readonly spanId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a caller sends who traces. */
function caller(sampled = true): Caller {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  const traceparent = `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
  return { traceId, spanId, headers: { traceparent, tracestate: 'vendor=opaque' } };
}

function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

describeWith('redisUrl', 'traces', (redisUrl) => {
  const byRest = caller();
  const byGrpc = caller();
  const notSampled = caller(false);
  const atOnce = Array.from({ length: 20 }, () => caller());
  let collector: OtlpCollector;
  let sandbox: Sandbox;
  let token: string;
  let log: readonly LogLine[];

  beforeAll(async () => {
    collector = await openCollector();
    sandbox = await openSandbox({
      ...UNREACHABLE_S3,
      REDIS_URL: redisUrl,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${OTLP_SECRET}`,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=e2e,service.name=outranked',
      OTEL_SERVICE_NAME: 'uploads',
    });
    // Not told to Redis, so that it has to be found in the store.
    ({ token } = await sandbox.createKey([], { REDIS_URL: '' }));
    const program = await sandbox.start();
    await callAsEverybody(program.url);
    expect(await program.stop()).toBe(0);
    log = program.log();
  });
  afterAll(async () => {
    await sandbox?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
  });

  async function callAsEverybody(url: string): Promise<void> {
    const call = uploadCall(token);
    const ask = (headers: Readonly<Record<string, string>>) =>
      sendHttp1(url + UPLOAD_PATH, { ...call, headers: { ...call.headers, ...headers } });
    await ask(byRest.headers);
    await ask(notSampled.headers);
    await Promise.all(atOnce.map(({ headers }) => ask(headers)));
    const session = connect(url);
    await sendHttp2(session, `/${ROUTE}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...byGrpc.headers,
      },
      body: grpcFrame(
        toBinary(
          CreateS3UploadRequestSchema,
          create(CreateS3UploadRequestSchema, {
            filename: 'a-name.txt',
            contentType: 'text/plain',
            size: 1n,
          }),
        ),
      ),
    });
    session.close();
    await ask({ authorization: 'Bearer nobody', traceparent: 'not a traceparent' });
    await sendHttp1(`${url}/livez`, { headers: { 'x-request-id': 'a-probe' } });
    await sendHttp1(`${url}/nowhere/secret-name.txt?q=1`);
    // What careless callers do.
    const { uploadUrl } = await getUpload(url, token);
    await ask({ 'x-request-id': token, tracestate: `vendor=${token}` });
    await ask({ 'x-request-id': 'x', baggage: `key=${token}`, referer: uploadUrl });
    await sendHttp1(`${url}/${token}?${new URL(uploadUrl).search}`, { headers: { 'user-agent': token } });
  }

  const spansOf = ({ traceId }: Caller): SentSpan[] =>
    collector.spans().filter((span) => span.traceId === traceId);

  it('continue that of a caller over REST, and show what was asked of Redis and of the store', () => {
    const [server, ...rest] = spansOf(byRest).toSorted((a, b) => a.kind - b.kind);
    expect(server).toMatchObject({
      parentSpanId: byRest.spanId,
      traceState: 'vendor=opaque',
      name: ROUTE,
      kind: SERVER,
      status: 0,
      resource: {
        'service.name': 'uploads',
        'service.version': expect.any(String),
        'service.instance.id': expect.any(String),
        'deployment.environment.name': 'e2e',
      },
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'network.protocol.version': '1.1',
        'rpc.service': 'upload.v1.UploadService',
        'rpc.method': 'CreateS3Upload',
        'presignd.protocol': 'rest',
        'presignd.code': 'ok',
        'presignd.key_id': expect.stringMatching(/^key_/),
        'presignd.owner': 'default',
      },
    });
    expect(server?.events.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['key lookup', 'presigned']),
    );
    expect(rest.map(({ name }) => name).toSorted()).toEqual([
      'redis fill',
      'redis get',
      'sqlite findByDigest',
    ]);
    for (const span of rest)
      expect(span).toMatchObject({ kind: CLIENT, parentSpanId: server?.spanId, status: 0 });
  });

  it('continue that of a caller over gRPC, and need no question to anybody where memory knows the key', () => {
    expect(spansOf(byGrpc)).toMatchObject([
      {
        parentSpanId: byGrpc.spanId,
        name: ROUTE,
        kind: SERVER,
        attributes: {
          'rpc.system': 'grpc',
          'rpc.method': 'CreateS3Upload',
          'network.protocol.version': '2',
          'presignd.protocol': 'grpc',
          'presignd.code': 'ok',
        },
      },
    ]);
  });

  it('hold what happened to their own call, of many that are worked on together', () => {
    for (const each of atOnce) {
      const [server] = spansOf(each);
      expect(server?.events.filter(({ name }) => name === 'presigned')).toHaveLength(1);
    }
  });

  it('are not made where the caller does not sample', () => {
    expect(spansOf(notSampled)).toEqual([]);
  });

  it('begin here where the caller names none that is legal', () => {
    const refused = collector
      .spans()
      .find(({ attributes }) => attributes['presignd.code'] === 'unauthenticated');
    expect(refused).toMatchObject({ parentSpanId: '', kind: SERVER, name: ROUTE });
    expect(refused?.attributes).toMatchObject({ 'presignd.reason': 'KEY_MALFORMED' });
    expect(refused?.attributes).not.toHaveProperty('error.type');
  });

  it('are named by the route, or by the method where there is none', () => {
    const nowhere = collector
      .spans()
      .filter(({ attributes }) => attributes['http.response.status_code'] === 404);
    expect(nowhere.map(({ name }) => name)).toEqual(nowhere.map(() => 'GET'));
    expect(nowhere.length).toBeGreaterThan(0);
    expect(collector.spans().find(({ name }) => name === '/livez')).toMatchObject({
      attributes: { 'http.route': '/livez', 'presignd.request_id': 'a-probe' },
    });
    expect(collector.spans().filter(({ status }) => status === ERROR)).toEqual([]);
  });

  it('are found from the log', () => {
    const traced = log.filter(({ route }) => route === ROUTE);
    expect(traced.map(({ traceId }) => traceId)).toEqual(
      expect.arrayContaining([byRest.traceId, byGrpc.traceId, notSampled.traceId]),
    );
    for (const { traceId } of traced) expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('are sent with the headers that the collector asks for, together with the very metrics of /metrics', () => {
    expect(collector.requests().length).toBeGreaterThan(0);
    for (const { headers } of collector.requests())
      expect(headers.authorization).toBe(`Bearer ${OTLP_SECRET}`);
    const metric = (name: string) => collector.metrics().findLast((sent) => sent.name === name);
    expect(metric('presignd_requests_total')).toMatchObject({
      kind: 'sum',
      resource: { 'service.name': 'uploads' },
      points: expect.arrayContaining([
        expect.objectContaining({ attributes: { protocol: 'grpc', route: ROUTE, code: 'ok' }, value: 1 }),
      ]),
    });
    const durations = metric('presignd_request_duration_seconds');
    for (const { value, bucketCounts, bounds } of durations?.points ?? []) {
      expect(bucketCounts).toHaveLength(bounds.length + 1);
      expect(bucketCounts.reduce((sum, count) => sum + count, 0)).toBe(value);
    }
    expect(durations?.points.length).toBeGreaterThan(1);
    expect(metric('nodejs_eventloop_lag_seconds')).toMatchObject({ kind: 'gauge' });
    expect(metric('presignd_breaker_state')?.points).toContainEqual(
      expect.objectContaining({ attributes: { guard: 'keys' }, value: 0 }),
    );
  });

  /** Security property: the collector is as untrusted as the log. */
  it('hold no secret, no path and no file name', () => {
    const sent = collector
      .requests()
      .map(({ body }) => body.toString('latin1'))
      .join('\n');
    expectNoSecrets(sent, sandbox.env);
    expect(sent).not.toContain(token);
    expect(sent).not.toContain(OTLP_SECRET);
    expect(sent).not.toMatch(/secret-name|a-name\.txt|hello\.txt|nowhere/);
  });
});

describe('a service without a collector', () => {
  it.each([
    ['no endpoint', {}],
    ['OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true' }],
  ])('loads nothing of OpenTelemetry and exports nothing: %s', async (_, env) => {
    await using collector = await openCollector();
    const endpoint = Object.keys(env).length === 0 ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    await using sandbox = await openSandbox({ ...UNREACHABLE_S3, ...endpoint, ...env });
    const { token } = await sandbox.createKey();
    const program = await sandbox.start('serve', {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(LISTS_MODULES)}`,
    });
    await getUpload(program.url, token);
    expect(await program.stop()).toBe(0);
    const modules = await readFile(join(sandbox.folder, 'modules.txt'), 'utf8');
    expect(modules).toContain('/prom-client/');
    // The metrics come with the API, which only holds types and names.
    expect(modules).not.toMatch(/@opentelemetry\/(?!api\/)/);
    expect(collector.requests()).toEqual([]);
    expect(program.log().filter((line) => 'traceId' in line)).toEqual([]);
  });
});

/** Has Node write down every module that it resolves. */
const LISTS_MODULES = `
import { registerHooks } from 'node:module';
import { appendFileSync } from 'node:fs';
registerHooks({ resolve(specifier, context, next) {
  const resolved = next(specifier, context);
  appendFileSync('modules.txt', resolved.url + '\\n');
  return resolved;
} });
`;
