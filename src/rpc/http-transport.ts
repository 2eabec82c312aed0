import { Code, ConnectError } from '@connectrpc/connect';
import type { HttpRequest, HttpResponse } from './http-handler.ts';
import type { Transport } from './lean-request.ts';

/** Node's request and response as the transport of a lean call. A class, because its methods then cost nothing per call. */
export class HttpTransport implements Transport {
  readonly protocolName: string;
  responseHeader: Headers | undefined = undefined;
  responseTrailer: Headers | undefined = undefined;
  readonly #request: HttpRequest;
  readonly #response: HttpResponse;
  readonly #deadlineAtMs: number | undefined;

  /** `deadlineAtMs`: monotonic milliseconds, or undefined where the caller set no deadline. */
  constructor(
    protocolName: string,
    request: HttpRequest,
    response: HttpResponse,
    deadlineAtMs: number | undefined,
  ) {
    this.protocolName = protocolName;
    this.#request = request;
    this.#response = response;
    this.#deadlineAtMs = deadlineAtMs;
  }

  get requestMethod() {
    return this.#request.method ?? '';
  }

  get url() {
    return this.#request.url ?? '';
  }

  requestHeader() {
    return headersOf(this.#request);
  }

  signal() {
    return signalOf(this.#response, this.timeoutMs());
  }

  timeoutMs() {
    return this.#deadlineAtMs === undefined ? undefined : this.#deadlineAtMs - performance.now();
  }
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
