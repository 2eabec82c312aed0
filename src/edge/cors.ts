import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';

/** What scripts of other origins may send and see. Connect and gRPC-Web need most of it; browsers grant none by itself. */
export const CORS_HEADERS = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  request: [
    'authorization',
    'content-type',
    'idempotency-key',
    'connect-protocol-version',
    'connect-timeout-ms',
    'connect-content-encoding',
    'connect-accept-encoding',
    'content-encoding',
    'accept-encoding',
    'grpc-timeout',
    'x-grpc-web',
    'x-user-agent',
    'x-request-id',
  ],
  response: [
    'x-request-id',
    'retry-after',
    'www-authenticate',
    'allow',
    'ratelimit',
    'ratelimit-policy',
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
    'grpc-status',
    'grpc-message',
    'grpc-status-details-bin',
    'content-encoding',
    'connect-content-encoding',
  ],
} as const satisfies Record<string, readonly string[]>;

/** How long a browser may remember a preflight, in seconds; Chromium's own cap. */
const MAX_AGE_SECONDS = 7_200;

/** Writes the CORS headers of an answer. True when it was a preflight, which is thereby answered. */
export type Cors = (request: HttpRequest, response: HttpResponse) => boolean;

/**
 * CORS for these origins (`https://app.example.com`, or `*` for any); undefined for none, which leaves it off. Keys
 * travel in the Authorization header, never in cookies, so credentials mode is not offered.
 * @throws Error for an origin that no browser would ever send, such as one with a path.
 */
export function createCors(origins: readonly string[]): Cors | undefined {
  if (origins.length === 0) return undefined;
  const anyOrigin = origins.includes('*');
  const allowed = new Set(origins.filter((origin) => origin !== '*'));
  for (const origin of allowed) refuseImpossible(origin);

  const methods = CORS_HEADERS.methods.join(', ');
  const requestHeaders = CORS_HEADERS.request.join(', ');
  const responseHeaders = CORS_HEADERS.response.join(', ');

  return (request, response) => {
    const { origin } = request.headers;
    // Also where no origin was sent or it is refused: a cache must not give that answer to an allowed one.
    if (!anyOrigin) response.setHeader('vary', 'Origin');
    const granted = origin !== undefined && (anyOrigin || allowed.has(origin));
    if (granted) response.setHeader('access-control-allow-origin', anyOrigin ? '*' : origin);

    if (!isPreflight(request)) {
      if (granted) response.setHeader('access-control-expose-headers', responseHeaders);
      return false;
    }
    if (granted) {
      response.setHeader('access-control-allow-methods', methods);
      response.setHeader('access-control-allow-headers', requestHeaders);
      response.setHeader('access-control-max-age', String(MAX_AGE_SECONDS));
    }
    response.statusCode = 204;
    response.end();
    return true;
  };
}

function isPreflight({ method, headers }: HttpRequest): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** A browser sends `scheme://host[:port]`, in lower case and without a default port: anything else never matches. */
function refuseImpossible(origin: string): void {
  if (origin === 'null') return;
  const expected = URL.canParse(origin) ? new URL(origin) : undefined;
  if (expected !== undefined && `${expected.protocol}//${expected.host}` === origin) return;
  const hint = expected === undefined ? '' : ` (did you mean ${expected.protocol}//${expected.host}?)`;
  throw new Error(`not an origin that a browser sends: ${origin}${hint}`);
}
