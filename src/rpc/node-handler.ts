import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import {
  createAsyncIterable,
  type UniversalHandler,
  type UniversalServerResponse,
} from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { Fault } from '../fault/fault.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { contextOf, routeOf } from './call.ts';
import { acceptDeadline } from './deadline.ts';
import { codeOfAnswer, readEarlyAnswer } from './early-answer.ts';
import { giveUp, refuse } from './end-call.ts';
import { httpCall } from './http-call.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './http-handler.ts';
import type { ServeLean } from './lean-handler.ts';
import { protocolOf } from './protocol-error.ts';
import { undecodable } from './undecodable.ts';
import { forgoBody } from './unread-body.ts';

// connect-node asks for Node's whole objects, and uses of those of HTTP/2 what ours have.
type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = Parameters<typeof universalResponseToNodeResponse>[1];

export interface NodeHandlerOptions {
  /** Asked before anything else: why a call that has just come is not taken on, or undefined where it is. */
  readonly refusal?: (() => Fault | undefined) | undefined;
  /** Takes the calls that it can serve for less. */
  readonly serveLean?: ServeLean | undefined;
}

/** Serves one RPC over gRPC, gRPC-Web and Connect, with connect's own handler or in place of it. */
export function createNodeHandler(
  handler: UniversalHandler,
  { refusal, serveLean }: NodeHandlerOptions,
): HttpHandler {
  const route = routeOf(handler.method);
  return (request, response, record) => {
    record.route = route;
    record.protocol = protocolOf(request);
    // Answers carry signed URLs, and not even a refusal is worth keeping.
    response.setHeader('cache-control', 'no-store');
    const fault = refusal?.();
    if (fault !== undefined) {
      forgoBody(request, response);
      return refuse(request, response, record, fault);
    }
    const serveStock = (read?: readonly Uint8Array[]) => {
      // Until the chain knows better.
      record.code = 'unknown';
      forgoBody(request, response);
      serve(handler, request, response, record, read).catch((error: unknown) =>
        giveUp(response, record, error),
      );
    };
    if (!serveLean?.(request, response, record, serveStock)) serveStock();
  };
}

/** `read` is the body as far as it matters, where it has been read already. */
async function serve(
  handler: UniversalHandler,
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  read: readonly Uint8Array[] | undefined,
): Promise<void> {
  let universalRequest: ReturnType<typeof universalRequestFromNodeRequest>;
  try {
    universalRequest = universalRequestFromNodeRequest(
      request as NodeRequest,
      response as NodeResponse,
      undefined,
      contextOf(httpCall(request, response, record, acceptDeadline(request.headers))),
    );
  } catch {
    // It parses Host, :authority and the path as a URL, and throws where they are none.
    return refuse(request, response, record, new Fault('INVALID_HOST'));
  }
  let answer: UniversalServerResponse | undefined;
  // Ahead of the edge's own listener, which logs the record.
  response.prependOnceListener('close', () => {
    if (record.code === 'unknown') record.code = answer === undefined ? 'canceled' : codeOfAnswer(answer);
  });
  const unread = 'stream' in request ? universalRequest.body : bodyOf(request);
  const body = read === undefined ? unread : createAsyncIterable([...read]);
  answer = await handler({ ...universalRequest, body });
  // What fails before the chain (framing, JSON, compression) never gets there. The answer of a stream has no end yet.
  if (record.code === 'unknown' && handler.method.methodKind === 'unary') {
    const early = await readEarlyAnswer(answer);
    if (early.isUndecodable) return refuse(request, response, record, undecodable());
    record.code = early.code;
    answer = early.answer;
  }
  // RFC 9110 §15.5.6 wants it; the stock handlers leave it out.
  if (answer.status === 405) response.setHeader('allow', handler.allowedMethods.join(', '));
  await universalResponseToNodeResponse(answer, response as NodeResponse);
}

/** Leaves the request whole when a handler stops reading it; read as connect-node does, it could not be read on. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk;
}
