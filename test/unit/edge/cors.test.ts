import { cors as connectCors } from '@connectrpc/connect';
import { afterEach, describe, expect, it } from 'vitest';
import { CORS_HEADERS, createCors } from '../../../src/edge/cors.ts';
import { doorAt, echo, openHttp2, sendHttp1, sendHttp2, startEdge, type TestEdge } from './support.ts';

const ORIGIN = 'https://app.example.com';
const PREFLIGHT = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,content-type',
};

let edge: TestEdge | undefined;
afterEach(async () => {
  await edge?.server.shutdown(100);
  edge = undefined;
});

async function start(corsOrigins: readonly string[]): Promise<number> {
  edge = await startEdge({ doors: [doorAt({ '/x': echo })], corsOrigins });
  return edge.port;
}

function corsHeaderNames(headers: object): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-') || name === 'vary');
}

describe('CORS', () => {
  it('is off without origins: no header, and OPTIONS goes to the door', async () => {
    const port = await start([]);
    const answer = await sendHttp1(port, {
      method: 'OPTIONS',
      path: '/x',
      headers: { origin: ORIGIN, ...PREFLIGHT },
    });
    expect(answer.body).toBe('echo OPTIONS /x ');
    expect(corsHeaderNames(answer.headers)).toEqual([]);
  });

  it('answers the preflight of an allowed origin', async () => {
    const port = await start(['https://other.example', ORIGIN]);
    const answer = await sendHttp1(port, {
      method: 'OPTIONS',
      path: '/x',
      headers: { origin: ORIGIN, ...PREFLIGHT },
    });
    expect(answer).toMatchObject({
      status: 204,
      body: '',
      headers: {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-max-age': '7200',
        vary: 'Origin',
      },
    });
    expect(answer.headers['access-control-allow-headers']).toContain('authorization, content-type');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('lets an allowed origin read an answer and the headers it needs, refusals included', async () => {
    const port = await start([ORIGIN]);
    for (const path of ['/x', '/nowhere']) {
      const { headers } = await sendHttp1(port, { path, headers: { origin: ORIGIN } });
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
      expect(headers['access-control-expose-headers']).toContain(
        'x-request-id, retry-after, www-authenticate',
      );
      expect(headers['vary']).toBe('Origin');
    }
  });

  /** A wrong grant here would let any page read answers with a visitor's network position. */
  it.each([
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:444',
    'null',
  ])('grants nothing to %s', async (origin) => {
    const port = await start([ORIGIN]);
    for (const sent of [
      { method: 'GET', path: '/x', headers: { origin } },
      { method: 'OPTIONS', path: '/x', headers: { origin, ...PREFLIGHT } },
    ]) {
      expect(corsHeaderNames((await sendHttp1(port, sent)).headers)).toEqual(['vary']);
    }
  });

  it('tells caches to keep answers apart even where no origin was sent', async () => {
    const port = await start([ORIGIN]);
    expect((await sendHttp1(port, { path: '/x' })).headers['vary']).toBe('Origin');
  });

  it('grants any origin with *, without echoing it', async () => {
    const port = await start(['*']);
    const { headers } = await sendHttp1(port, {
      path: '/x',
      headers: { origin: 'https://anything.example' },
    });
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['vary']).toBeUndefined();
  });

  it('leaves an OPTIONS that is no preflight to the door', async () => {
    const port = await start([ORIGIN]);
    const answer = await sendHttp1(port, { method: 'OPTIONS', path: '/x', headers: { origin: ORIGIN } });
    expect(answer.body).toBe('echo OPTIONS /x ');
  });

  it('works the same over HTTP/2, and notes preflights as such', async () => {
    const port = await start([ORIGIN]);
    const session = openHttp2(port);
    const answer = await sendHttp2(session, {
      method: 'OPTIONS',
      path: '/x',
      headers: { origin: ORIGIN, ...PREFLIGHT },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
    expect((await edge?.untilEnded(1))?.[0]?.record.route).toBe('preflight');
    session.close();
  });

  it('lets scripts repeat a creation safely, and see how they stand to their limits', () => {
    expect(CORS_HEADERS.request).toContain('idempotency-key');
    expect(CORS_HEADERS.response).toEqual(
      expect.arrayContaining([
        'ratelimit',
        'ratelimit-policy',
        'x-ratelimit-limit',
        'x-ratelimit-remaining',
        'x-ratelimit-reset',
        'retry-after',
      ]),
    );
  });

  it('covers every method and header that Connect and gRPC-Web need in a browser', () => {
    const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
    // Set by no browser client, and by Connect's own word only listed for the future.
    const unused = ['grpc-message-type'];
    const needed = lower(connectCors.allowedHeaders).filter((name) => !unused.includes(name));
    expect(CORS_HEADERS.methods).toEqual(expect.arrayContaining([...connectCors.allowedMethods]));
    expect(CORS_HEADERS.request).toEqual(expect.arrayContaining(needed));
    expect(CORS_HEADERS.response).toEqual(expect.arrayContaining(lower(connectCors.exposedHeaders)));
  });

  it.each([
    ['https://app.example.com/', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['HTTPS://App.example.com', 'https://app.example.com'],
    ['https://a.example/path', 'https://a.example'],
  ])('refuses %s, which no browser sends, and names %s', (origin, near) => {
    expect(() => createCors([origin])).toThrow(`did you mean ${near}?`);
  });

  it.each(['app.example.com', '', 'https://'])('refuses %j as an origin', (origin) => {
    expect(() => createCors([origin])).toThrow('not an origin');
  });
});
