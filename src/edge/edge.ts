import { Fault, faultFromUnknown } from '../fault/fault.ts';
import type { ClientCertificate } from '../keys/client-certificate.ts';
import type { Door, HttpHandler, HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { RequestEnd, RequestRecord } from '../telemetry/request-record.ts';
import type { ClientAddress } from './client-address.ts';
import type { Cors } from './cors.ts';
import { createHostCheck, isValidAuthority } from './host.ts';
import { isSecured } from './peer-socket.ts';
import type { RequestIds } from './request-id.ts';
import { pathOf, requestTargetFrom } from './request-target.ts';

/** Far beyond any path and query that exists here; no URL that people use is longer (RFC 9110 §4.1 asks for 8000). */
const MAX_TARGET_LENGTH = 8_192;

const TARGET_TOO_LONG = `The request target is longer than ${MAX_TARGET_LENGTH} bytes`;

/** nginx's status for a request whose client went away before its answer had gone out. */
const CLIENT_CLOSED_REQUEST = 499;

/** Answers a request with a fault, in the shape of the REST door, and notes the fault in the record. */
export type Refuse = (
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  fault: Fault,
) => void;

export interface EdgeOptions {
  /** Asked in this order. */
  readonly doors: readonly Door[];
  readonly refuse: Refuse;
  readonly requestId: RequestIds;
  /** Whom the log and the limiter of failed authentications take for the caller. */
  readonly clientAddress: ClientAddress;
  /** What clients have proved with certificates. Undefined: none is asked for one. */
  readonly clientCertificate?: ((request: HttpRequest) => ClientCertificate | undefined) | undefined;
  /** Whether a path is answered without TLS, too. Undefined: all are. */
  readonly allowsPlaintext?: ((path: string) => boolean) | undefined;
  /** Undefined: off. */
  readonly cors: Cors | undefined;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Called exactly once for every request: when its answer has gone out, or its connection broke. */
  readonly onRequestEnd: (record: RequestRecord, end: RequestEnd) => void;
}

/**
 * What every request passes before its door: an id, the record for the log, a legal host, CORS. It never throws;
 * what a door throws becomes an `INTERNAL`.
 */
export function createEdge(options: EdgeOptions): (request: HttpRequest, response: HttpResponse) => void {
  const { doors, refuse, requestId, clientAddress, clientCertificate, allowsPlaintext } = options;
  const { cors, clock, onRequestEnd } = options;
  const hasValidHost = createHostCheck();

  function admit(request: HttpRequest, response: HttpResponse, record: RequestRecord): void {
    if (!hasValidHost(request) || !adoptAbsoluteTarget(request)) {
      // Whoever misframes its host may misframe the rest: what follows on the connection is not trusted.
      if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
      refuse(request, response, record, new Fault('INVALID_HOST'));
      return;
    }
    const target = request.url ?? '';
    if (target.length > MAX_TARGET_LENGTH) {
      refuse(request, response, record, new Fault('INVALID_REQUEST', { publicMessage: TARGET_TOO_LONG }));
      return;
    }
    const path = pathOf(target);
    if (allowsPlaintext !== undefined && !isSecured(request) && !allowsPlaintext(path)) {
      refuse(request, response, record, new Fault('TLS_REQUIRED'));
      return;
    }
    if (cors?.(request, response)) {
      record.route = 'preflight';
      return;
    }
    const handler = handlerFor(path);
    if (handler === undefined) refuse(request, response, record, new Fault('ROUTE_NOT_FOUND'));
    else handler(request, response, record);
  }

  function handlerFor(path: string): HttpHandler | undefined {
    for (const door of doors) {
      const handler = door.match(path);
      if (handler !== undefined) return handler;
    }
    return undefined;
  }

  function fail(request: HttpRequest, response: HttpResponse, record: RequestRecord, error: unknown): void {
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

  return (request, response) => {
    const record: RequestRecord = {
      requestId: requestId(request.headers['x-request-id']),
      startedAtMs: clock(),
      remoteAddress: clientAddress(request),
      certificate: clientCertificate?.(request),
      route: 'unmatched',
      protocol: 'http',
      code: 'ok',
    };
    // Both HTTP versions emit 'close' once, whether the answer went out or the connection broke.
    response.on('close', () => onRequestEnd(record, requestEndFrom(request, response, record, clock())));
    // Writing after the end is a door's mistake, not a reason to end the process.
    response.on('error', (error: unknown) => {
      record.cause ??= error;
    });
    try {
      response.setHeader('x-request-id', record.requestId);
      response.setHeader('x-content-type-options', 'nosniff');
      admit(request, response, record);
    } catch (error) {
      fail(request, response, record, error);
    }
  };
}

/**
 * Makes an absolute request target look like any other: path and query in `url`, its authority as the Host, which it
 * overrides (RFC 9112 §3.2.2). False when that authority is not legal.
 */
function adoptAbsoluteTarget(request: HttpRequest): boolean {
  const target = request.url ?? '';
  if (target.startsWith('/')) return true;
  const { authority, originForm } = requestTargetFrom(target);
  if (authority === undefined) return true;
  request.url = originForm;
  request.headers.host = authority;
  return isValidAuthority(authority);
}

/** Whether the whole answer has gone out. Node calls an aborted HTTP/2 stream finished, too. */
function isComplete(response: HttpResponse): boolean {
  return response.writableFinished && !('stream' in response && response.stream.aborted);
}

function requestEndFrom(
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  nowMs: number,
): RequestEnd {
  const complete = isComplete(response);
  if (!complete && record.code === 'ok') record.code = 'canceled';
  const announced = request.headers['content-length'];
  return {
    method: request.method ?? '',
    path: pathOf(request.url ?? '').slice(0, MAX_TARGET_LENGTH),
    // An unfinished answer with a cause was given up by this side.
    status: complete ? response.statusCode : record.cause === undefined ? CLIENT_CLOSED_REQUEST : 500,
    durationMs: nowMs - record.startedAtMs,
    ...(announced === undefined ? {} : { requestBytes: Number(announced) }),
    httpVersion: request.httpVersion,
  };
}
