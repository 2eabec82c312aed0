import { Code, ConnectError } from '@connectrpc/connect';
import type { Call } from '../rpc/call.ts';
import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { Transport } from '../rpc/lean-request.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';

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
    hasDeadline: false,
    undecoded,
  };
}

export function restTransport(request: HttpRequest, response: HttpResponse): Transport {
  return {
    protocolName: 'rest',
    requestMethod: request.method ?? '',
    url: request.url ?? '',
    requestHeader: () => headersOf(request),
    signal: () => signalOf(response),
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

function signalOf(response: HttpResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new ConnectError('The caller left', Code.Canceled));
  });
  return controller.signal;
}
