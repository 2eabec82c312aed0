import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { metricsFrom, type SentMetric, type SentSpan, spansFrom } from './otlp-messages.ts';

/** `hang` takes the request and never answers; `refuse` answers 503, `lie` 200 with what is no answer at all. */
export type CollectorMood = 'take' | 'hang' | 'refuse' | 'lie';

const TRACES = '/v1/traces';

/** An OpenTelemetry collector that keeps what it is sent over OTLP/HTTP. */
export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  spans(): readonly SentSpan[];
  metrics(): readonly SentMetric[];
  /** Every request that has come, in whatever mood. */
  requests(): readonly {
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
    readonly body: Buffer;
  }[];
  setMood(mood: CollectorMood): void;
  /** Resolves once it has taken spans. */
  untilSpans(): Promise<void>;
}

export async function openCollector(): Promise<OtlpCollector> {
  const requests: { path: string; headers: IncomingMessage['headers']; body: Buffer; taken: boolean }[] = [];
  let mood: CollectorMood = 'take';
  const spansTaken = Promise.withResolvers<void>();

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    requests.push({ path: request.url ?? '', headers: request.headers, body, taken: mood === 'take' });
    if (mood === 'hang') return;
    if (mood === 'take' && request.url === TRACES) spansTaken.resolve();
    if (mood === 'refuse') response.statusCode = 503;
    response.setHeader('content-type', 'application/x-protobuf');
    response.end(mood === 'lie' ? 'this is no protobuf' : '');
  }

  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const taken = (path: string) =>
    requests.filter((request) => request.taken && request.path === path).map(({ body }) => body);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => taken(TRACES).flatMap(spansFrom),
    metrics: () => taken('/v1/metrics').flatMap(metricsFrom),
    requests: () => requests,
    untilSpans: () => spansTaken.promise,
    setMood: (next) => {
      mood = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
