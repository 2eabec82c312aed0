import { faultFromUnknown } from '../fault/fault.ts';
import type { ClientCertificate } from '../keys/client-certificate.ts';
import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { RequestEnd, RequestRecord } from '../telemetry/request-record.ts';
import type { ClientAddress } from './client-address.ts';
import { createEntry, type EntryOptions, type Refuse } from './entry.ts';
import { requestEndFrom } from './request-end.ts';
import type { RequestIds } from './request-id.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

export interface EdgeOptions extends EntryOptions {
  readonly requestId: RequestIds;
  /** Whom the log and the limiter of failed authentications take for the caller. */
  readonly clientAddress: ClientAddress;
  /** What clients have proved with certificates. Undefined: none is asked for one. */
  readonly clientCertificate?: ((request: HttpRequest) => ClientCertificate | undefined) | undefined;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Calls `serve` within the trace of the request. Undefined: off. */
  readonly trace?: ((request: HttpRequest, record: RequestRecord, serve: () => void) => void) | undefined;
  /** Called exactly once for every request: when its answer has gone out, or its connection broke. */
  readonly onRequestEnd: (record: RequestRecord, end: RequestEnd) => void;
  /** Holds every request from its beginning to its end. */
  readonly running?: Set<RequestRecord>;
}

/**
 * What every request passes before its door: an id, the record for the log, a legal host, CORS. It never throws;
 * what a door throws becomes an `INTERNAL`.
 */
export function createEdge(options: EdgeOptions): (request: HttpRequest, response: HttpResponse) => void {
  const { refuse, trace } = options;
  const enter = createEntry(options);
  return (request, response) => {
    const record = recordOf(request, options);
    watch(request, response, record, options);
    try {
      response.setHeader('x-request-id', record.requestId);
      for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
      if (trace === undefined) enter(request, response, record);
      else trace(request, record, () => enter(request, response, record));
    } catch (error) {
      fail(refuse, request, response, record, error);
    }
  };
}

function recordOf(
  request: HttpRequest,
  { requestId, clock, clientAddress, clientCertificate }: EdgeOptions,
): RequestRecord {
  return {
    requestId: requestId(request.headers['x-request-id']),
    startedAtMs: clock(),
    remoteAddress: clientAddress(request),
    certificate: clientCertificate?.(request),
    route: 'unmatched',
    protocol: 'http',
    code: 'ok',
  };
}

/** Sees to it that the request's end is told, and that no error of its streams goes unheard, which would end the process. */
function watch(
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  { clock, onRequestEnd, running }: EdgeOptions,
): void {
  running?.add(record);
  // Both HTTP versions emit 'close' once, whether the answer went out or the connection broke.
  response.on('close', () => {
    running?.delete(record);
    onRequestEnd(record, requestEndFrom(request, response, record, clock()));
  });
  // Writing after the end is a door's mistake, not a reason to end the process.
  response.on('error', (error: unknown) => {
    record.cause ??= error;
  });
  // A caller who left, which `close` tells. Node emits it where somebody listened a tick before.
  request.on('error', ignore);
}

function fail(
  refuse: Refuse,
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  error: unknown,
): void {
  const fault = faultFromUnknown(error);
  record.cause = error;
  try {
    if (!response.headersSent) {
      refuse(request, response, record, fault);
      return;
    }
  } catch {
    // Nothing more can be said to this client.
  }
  // With an error: without one HTTP/2 would end the stream as if the half answer were whole.
  response.destroy(fault);
}

function ignore(): void {}
