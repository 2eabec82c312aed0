import { Fault, faultFromUnknown } from '../fault/fault.ts';
import type { ClientCertificate } from '../keys/client-certificate.ts';
import type { Door, HttpHandler, HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { RequestEnd, RequestRecord } from '../telemetry/request-record.ts';
import type { ClientAddress } from './client-address.ts';
import type { Cors } from './cors.ts';
import { hasSoundFraming, isHttp2 } from './framing.ts';
import { createHostCheck, isValidAuthority } from './host.ts';
import { isSecured } from './peer-socket.ts';
import { requestEndFrom } from './request-end.ts';
import type { RequestIds } from './request-id.ts';
import { MAX_TARGET_LENGTH, pathOf, requestTargetFrom } from './request-target.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

const UNSOUND_FRAMING =
  'A body is framed by Content-Length, or by Transfer-Encoding: chunked alone and over HTTP/1.1';

const TARGET_TOO_LONG = `The request target is longer than ${MAX_TARGET_LENGTH} bytes`;

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
  const { doors, refuse, requestId, clientAddress, clientCertificate, allowsPlaintext } = options;
  const { cors, clock, trace, onRequestEnd, running } = options;
  const hasValidHost = createHostCheck();
  const distrusted = new WeakSet<object>();

  function admit(request: HttpRequest, response: HttpResponse, record: RequestRecord): void {
    // Pipelined behind a request that was refused: it goes unanswered, and ends with its connection.
    if (!isHttp2(request) && distrusted.has(request.socket)) return;
    if (!hasSoundFraming(request)) {
      distrust(request, response);
      refuse(request, response, record, new Fault('INVALID_REQUEST', { publicMessage: UNSOUND_FRAMING }));
      return;
    }
    if (!hasValidHost(request) || !adoptAbsoluteTarget(request)) {
      distrust(request, response);
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

  /** Whoever misframes its host may misframe the rest: what follows on the connection is not even looked at. */
  function distrust(request: HttpRequest, response: HttpResponse): void {
    if (isHttp2(request)) return;
    response.setHeader('connection', 'close');
    distrusted.add(request.socket);
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
    // A caller who left, which `close` tells. Node emits it where somebody listened a tick before, and unheard it would
    // end the process.
    request.on('error', ignore);
    try {
      response.setHeader('x-request-id', record.requestId);
      for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
      if (trace === undefined) admit(request, response, record);
      else trace(request, record, () => admit(request, response, record));
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

function ignore(): void {}
