import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHealthRoutes } from '../../../src/edge/health-routes.ts';
import { createHealth, type Dependency, type Health } from '../../../src/telemetry/health.ts';
import { openHttp2, refuse, sendHttp1, sendHttp2, startEdge, type TestEdge } from './support.ts';

const up: Dependency = { check: async () => {}, required: true };
const down = (required: boolean): Dependency => ({
  check: () => Promise.reject(new Error('connect ECONNREFUSED postgres://user:secret@db')),
  required,
});

let edge: TestEdge;
let health: Health;

async function start(
  dependencies: Readonly<Record<string, Dependency>>,
  metricsBody?: () => Promise<string>,
) {
  let nowMs = 5_000;
  health = createHealth({ version: '1.2.3', dependencies, clock: () => nowMs });
  nowMs += 61_400;
  const doors = [
    createHealthRoutes({
      health,
      refuse,
      clock: () => nowMs,
      ...(metricsBody && {
        metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: await metricsBody() }),
      }),
    }),
  ];
  edge = await startEdge({ doors });
}

const get = (path: string) => sendHttp1(edge.port, { path });

describe('health routes', () => {
  beforeEach(() => start({}));
  afterEach(() => edge.server.shutdown(100));

  it('shows status, version, uptime in seconds and each dependency with state and latency', async () => {
    await start({ store: up, redis: { check: async () => 'replica', required: false } });
    const answer = await get('/health');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
    expect(JSON.parse(answer.body)).toEqual({
      status: 'ok',
      version: '1.2.3',
      uptime: 61,
      dependencies: {
        store: { status: 'up', latencyMs: 0 },
        redis: { status: 'up', latencyMs: 0, detail: 'replica' },
      },
    });
  });

  it('is healthy and ready without an optional dependency, but says degraded', async () => {
    await start({ store: up, redis: down(false) });
    const answers = await Promise.all([get('/health'), get('/readyz')]);
    expect(answers.map(({ status, body }) => [status, JSON.parse(body).status])).toEqual([
      [200, 'degraded'],
      [200, 'degraded'],
    ]);
  });

  it('is not ready without a required dependency, and names just what is missing', async () => {
    await start({ store: down(true), redis: down(false), s3: up });
    const [healthAnswer, ready, live] = await Promise.all([get('/health'), get('/readyz'), get('/livez')]);
    expect([healthAnswer.status, JSON.parse(healthAnswer.body).status]).toEqual([503, 'down']);
    expect([ready.status, JSON.parse(ready.body)]).toEqual([503, { status: 'down', missing: ['store'] }]);
    expect([live.status, JSON.parse(live.body)]).toEqual([200, { status: 'ok' }]);
  });

  /** The pages are public: a connection string in an error must not come through. */
  it('never shows why a dependency is down', async () => {
    await start({ store: down(true) });
    for (const path of ['/health', '/readyz'])
      expect((await get(path)).body).not.toMatch(/secret|ECONNREFUSED/);
  });

  it('is alive but not ready while it drains', async () => {
    health.drain();
    const answers = await Promise.all([get('/health'), get('/readyz'), get('/livez')]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(JSON.parse(answers[1]?.body ?? '')).toEqual({ status: 'draining', missing: [] });
  });

  it('answers HEAD with the headers of GET and no body, on both HTTP versions', async () => {
    const full = await get('/health');
    const http1 = await sendHttp1(edge.port, { method: 'HEAD', path: '/health' });
    const session = openHttp2(edge.port);
    const http2 = await sendHttp2(session, { method: 'HEAD', path: '/health' });
    session.close();
    for (const head of [http1, http2]) {
      expect(head).toMatchObject({ status: 200, body: '' });
      expect(head.headers['content-length']).toBe(full.headers['content-length']);
    }
  });

  it.each(['/health', '/livez', '/readyz'])(
    'answers other methods on %s with 405 and Allow',
    async (path) => {
      const answer = await sendHttp1(edge.port, { method: 'POST', path, body: 'x' });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
      expect(answer.body).toContain('METHOD_NOT_ALLOWED');
    },
  );

  it('serves the metrics page it is given, and nothing there without one', async () => {
    expect((await get('/metrics')).status).toBe(404);
    await start({}, async () => 'calls_total 1\n');
    expect(await get('/metrics')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4' },
      body: 'calls_total 1\n',
    });
  });

  it('answers 500 when the metrics cannot be collected, and notes the route for the log', async () => {
    await start({}, () => Promise.reject(new Error('collector broke')));
    const answer = await get('/metrics?x=1');
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('collector broke');
    const [last] = await edge.untilEnded(1);
    expect(last?.record).toMatchObject({ route: '/metrics', reason: 'INTERNAL' });
  });
});
