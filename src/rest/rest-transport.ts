import { Code, ConnectError } from '@connectrpc/connect';
import { parseTimeout } from '@connectrpc/connect/protocol-connect';
import { Fault } from '../fault/fault.ts';
import type { Call } from '../rpc/call.ts';
import { MAX_DEADLINE_MS } from '../rpc/deadline.ts';
import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { Transport } from '../rpc/lean-request.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';

/** Connect's own header, and its form: clients of both protocols have one way to say it. */
const TIMEOUT_HEADER = 'connect-timeout-ms';

/** What the chain is told of a request over REST. */
export function restCall(
  { headers }: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  undecoded: Call['undecoded'],
): Call {
  const idempotencyKey = headers['idempotency-key'];
  return {
    record,
    authorization: headers.authorization,
    origin: headers.origin,
    // Node joins repetitions of a header that it does not know.
    idempotencyKey: Array.isArray(idempotencyKey) ? idempotencyKey.join(', ') : idempotencyKey,
    setHeader: (name, value) => void response.setHeader(name, value),
    hasDeadline: headers[TIMEOUT_HEADER] !== undefined,
    undecoded,
  };
}

/** @throws Fault INVALID_REQUEST for a deadline that cannot be read. */
export function restTransport(
  request: HttpRequest,
  response: HttpResponse,
  { startedAtMs }: RequestRecord,
): Transport {
  const timeoutMs = timeoutOf(request);
  // From the arrival of the request: what its body took has been waited for, too.
  const leftMs = () => (timeoutMs === undefined ? undefined : startedAtMs + timeoutMs - performance.now());
  return {
    protocolName: 'rest',
    requestMethod: request.method ?? '',
    url: request.url ?? '',
    requestHeader: () => headersOf(request),
    signal: () => signalOf(response, leftMs()),
    timeoutMs: leftMs,
  };
}

function headersOf(request: HttpRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    // HTTP/2 pseudo-headers are not header fields.
    if (name.startsWith(':')) continue;
    for (const item of Array.isArray(value) ? value : [value ?? '']) headers.append(name, item);
  }
  return headers;
}

function timeoutOf({ headers }: HttpRequest): number | undefined {
  const value = headers[TIMEOUT_HEADER];
  if (value === undefined) return undefined;
  const { timeoutMs, error } = parseTimeout(String(value), Number.POSITIVE_INFINITY);
  if (timeoutMs === undefined || error !== undefined)
    throw new Fault('INVALID_REQUEST', {
      publicMessage: 'The Connect-Timeout-Ms header must be a number of milliseconds of at most 10 digits',
    });
  return Math.min(timeoutMs, MAX_DEADLINE_MS);
}

/** `leftMs` is the time until the deadline, if there is one. */
function signalOf(response: HttpResponse, leftMs: number | undefined): AbortSignal {
  const controller = new AbortController();
  const expire = () => controller.abort(new ConnectError('The deadline has passed', Code.DeadlineExceeded));
  let timer: NodeJS.Timeout | undefined;
  if (leftMs !== undefined && leftMs > 0) timer = setTimeout(expire, leftMs);
  else if (leftMs !== undefined) expire();
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableFinished) controller.abort(new ConnectError('The caller left', Code.Canceled));
  });
  return controller.signal;
}
