import { Fault } from '../fault/fault.ts';
import type { Door, HttpHandler, HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { Cors } from './cors.ts';
import { hasSoundFraming, isHttp2 } from './framing.ts';
import { createHostCheck, isValidAuthority } from './host.ts';
import { isSecured } from './peer-socket.ts';
import { MAX_TARGET_LENGTH, pathOf, requestTargetFrom } from './request-target.ts';

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

export interface EntryOptions {
  /** Asked in this order. */
  readonly doors: readonly Door[];
  readonly refuse: Refuse;
  /** Whether a path is answered without TLS, too. Undefined: all are. */
  readonly allowsPlaintext?: ((path: string) => boolean) | undefined;
  /** Undefined: off. */
  readonly cors: Cors | undefined;
}

/** Leads a request to its door if it is sound, has a legal host and may come this way. Throws what a door throws. */
export function createEntry({ doors, refuse, allowsPlaintext, cors }: EntryOptions): HttpHandler {
  const hasValidHost = createHostCheck();
  const distrusted = new WeakSet<object>();

  /** Whoever misframes its host may misframe the rest: what follows on the connection is not even looked at. */
  function distrust(request: HttpRequest, response: HttpResponse): void {
    if (isHttp2(request)) return;
    response.setHeader('connection', 'close');
    distrusted.add(request.socket);
  }

  function misframing(request: HttpRequest): Fault | undefined {
    if (!hasSoundFraming(request)) return new Fault('INVALID_REQUEST', { publicMessage: UNSOUND_FRAMING });
    return hasValidHost(request) && adoptAbsoluteTarget(request) ? undefined : new Fault('INVALID_HOST');
  }

  function strayFrom(request: HttpRequest, target: string, path: string): Fault | undefined {
    if (target.length > MAX_TARGET_LENGTH)
      return new Fault('INVALID_REQUEST', { publicMessage: TARGET_TOO_LONG });
    const isOpen = allowsPlaintext === undefined || isSecured(request) || allowsPlaintext(path);
    return isOpen ? undefined : new Fault('TLS_REQUIRED');
  }

  return (request, response, record) => {
    // Pipelined behind a request that was refused: it goes unanswered, and ends with its connection.
    if (!isHttp2(request) && distrusted.has(request.socket)) return;
    const misframed = misframing(request);
    if (misframed !== undefined) {
      distrust(request, response);
      return refuse(request, response, record, misframed);
    }
    const target = request.url ?? '';
    const path = pathOf(target);
    const stray = strayFrom(request, target, path);
    if (stray !== undefined) return refuse(request, response, record, stray);
    if (cors?.(request, response)) {
      record.route = 'preflight';
      return;
    }
    const handler = handlerFor(doors, path);
    if (handler === undefined) refuse(request, response, record, new Fault('ROUTE_NOT_FOUND'));
    else handler(request, response, record);
  };
}

function handlerFor(doors: readonly Door[], path: string): HttpHandler | undefined {
  for (const door of doors) {
    const handler = door.match(path);
    if (handler !== undefined) return handler;
  }
  return undefined;
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
