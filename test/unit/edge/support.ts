import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterEach, expect } from 'vitest';
import { createClientAddress } from '../../../src/edge/client-address.ts';
import { clientCertificateOf } from '../../../src/edge/client-certificate.ts';
import { createCors } from '../../../src/edge/cors.ts';
import { createEdge } from '../../../src/edge/edge.ts';
import type { Refuse } from '../../../src/edge/entry.ts';
import { createOnePortServer, type OnePortServer } from '../../../src/edge/listen.ts';
import { createRequestIds } from '../../../src/edge/request-id.ts';
import { groupCalls } from '../../../src/edge/running-calls.ts';
import type { ServerLimits } from '../../../src/edge/server-limits.ts';
import type { TlsFailure, TlsServer } from '../../../src/edge/tls-server.ts';
import type { Door, HttpHandler, HttpRequest, HttpResponse } from '../../../src/rpc/http-handler.ts';
import type { RequestEnd, RequestRecord } from '../../../src/telemetry/request-record.ts';
import { type Answer, type Sent, sendHttp2 as sendHttp2On } from '../../support/http-requests.ts';

export interface EndedRequest {
  readonly record: RequestRecord;
  readonly end: RequestEnd;
}

export interface TestEdge {
  readonly server: OnePortServer;
  readonly port: number;
  /** What `onRequestEnd` was told, in order. */
  readonly ended: readonly EndedRequest[];
  /** Resolves once that many requests have ended. */
  untilEnded(count: number): Promise<readonly EndedRequest[]>;
}

/** Answers with the reason of the fault, so that a test sees who refused. */
export const refuse: Refuse = (_request, response, record, fault) => {
  record.code = fault.spec.code;
  record.reason = fault.reason;
  response.statusCode = fault.spec.status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ reason: fault.reason, message: fault.publicMessage }));
};

export function doorAt(routes: Readonly<Record<string, HttpHandler>>): Door {
  return { match: (path) => (Object.hasOwn(routes, path) ? routes[path] : undefined) };
}

/** Answers the request body, like the echo of a benchmark. */
export const echo: HttpHandler = (request, response) => {
  text(request).then(
    (body) => response.end(`echo ${request.method} ${request.url} ${body}`),
    () => response.destroy(),
  );
};

/** A door that answers only when the test says so. */
export function heldDoor() {
  const calls: { request: HttpRequest; response: HttpResponse }[] = [];
  const handler: HttpHandler = (request, response) => void calls.push({ request, response });
  return { calls, handler };
}

/** The two kinds of response agree on `write`, but not for the compiler. */
export function writeChunk(response: HttpResponse, chunk: string): void {
  if ('stream' in response) response.write(chunk);
  else response.write(chunk);
}

/** Resolves once the condition holds; the test's own timeout is the bound. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

export interface TestEdgeOptions {
  readonly doors: readonly Door[];
  readonly limits?: Partial<ServerLimits>;
  readonly corsOrigins?: readonly string[];
  readonly trustedProxies?: readonly string[];
  readonly refuse?: Refuse;
  readonly tls?: TestTls;
  readonly tlsOnly?: boolean;
  readonly allowsPlaintext?: (path: string) => boolean;
}

/** The TLS of a test: what Node's clients are told to trust, and what the server counted. */
export interface TestTls {
  readonly server: TlsServer;
  readonly ca: string;
  readonly failures: readonly TlsFailure[];
}

/** An edge behind a listening one-port server; the caller shuts it down. */
export async function startEdge(options: TestEdgeOptions): Promise<TestEdge> {
  const ended: EndedRequest[] = [];
  const running = new Set<RequestRecord>();
  let wake: () => void = () => {};
  const edge = createEdge({
    doors: options.doors,
    refuse: options.refuse ?? refuse,
    requestId: createRequestIds(randomBytes),
    clientAddress: createClientAddress(options.trustedProxies ?? []),
    clientCertificate: clientCertificateOf,
    allowsPlaintext: options.allowsPlaintext,
    cors: createCors(options.corsOrigins ?? []),
    clock: () => performance.now(),
    onRequestEnd: (record, end) => {
      ended.push({ record, end });
      wake();
    },
    running,
  });
  const server = createOnePortServer(edge, {
    runningCalls: () => groupCalls(running),
    limits: { drainQuietMs: 20, timeoutCheckIntervalMs: 20, ...options.limits },
    tls: options.tls?.server,
    tlsOnly: options.tlsOnly,
  });
  const { port } = await server.listen(0, '127.0.0.1');
  return {
    server,
    port,
    ended,
    untilEnded: async (count) => {
      while (ended.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return ended;
    },
  };
}

/** Starts an edge for one test of the calling file, with a door at `/x` unless it brings its own; shut down after it. */
export function edgePerTest(): (options?: Partial<TestEdgeOptions>) => Promise<TestEdge> {
  let edge: TestEdge | undefined;
  afterEach(async () => {
    await edge?.server.shutdown(100);
    edge = undefined;
  });
  return async (options) => {
    edge = await startEdge({ doors: [doorAt({ '/x': echo })], ...options });
    return edge;
  };
}

export interface SentToEdge extends Sent {
  readonly path?: string;
}

/** The target may be none that a URL has, such as `*`. */
export async function sendHttp1(
  port: number,
  { method = 'GET', path = '/', headers, body }: SentToEdge,
): Promise<Answer> {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { ...headers },
    agent: false,
  });
  request.end(body);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The server still answers: the process lives, and the listener takes connections. */
export async function expectAlive(port: number): Promise<void> {
  expect((await sendHttp1(port, { path: '/x' })).status).toBe(200);
}

/** A session that a test may leave to the server: its errors are the test's to look for. */
export function openHttp2(port: number): ClientHttp2Session {
  // Node's client refuses answers of its own calls beyond 10 MB for all of them together.
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 100 });
  session.on('error', () => {});
  return session;
}

export function sendHttp2(session: ClientHttp2Session, { path = '/', ...sent }: SentToEdge): Promise<Answer> {
  return sendHttp2On(session, path, sent);
}
