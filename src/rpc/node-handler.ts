import type { IncomingMessage } from 'node:http';
import { constants, type Http2ServerRequest } from 'node:http2';
import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { Fault } from '../fault/fault.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { type Call, contextOf, routeOf } from './call.ts';
import { acceptDeadline } from './deadline.ts';
import { codeOfAnswer, readEarlyAnswer } from './early-answer.ts';
import type { Http2Request, HttpHandler, HttpRequest, HttpResponse } from './http-handler.ts';
import { protocolOf, sendProtocolError } from './protocol-error.ts';
import { connectErrorFromFault } from './translate.ts';
import { undecodable } from './undecodable.ts';

// connect-node asks for Node's whole objects, and uses of those of HTTP/2 what ours have.
type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = Parameters<typeof universalResponseToNodeResponse>[1];

/** By then trailers have left this machine, over TLS as well. */
const TRAILERS_MS = 100;

/**
 * Serves one RPC with connect's own handler for gRPC, gRPC-Web and Connect. `refusal` is asked before anything else:
 * why a call that has just come is not taken on, or undefined where it is.
 */
export function createNodeHandler(
  handler: UniversalHandler,
  refusal: () => Fault | undefined = () => undefined,
): HttpHandler {
  const route = routeOf(handler.method);
  return (request, response, record) => {
    record.route = route;
    record.protocol = protocolOf(request);
    // Until the chain knows better.
    record.code = 'unknown';
    // Answers carry signed URLs, and not even a refusal is worth keeping.
    response.setHeader('cache-control', 'no-store');
    if ('stream' in request) stopWhenAnswered(request);
    else response.once('finish', () => discardRest(request));
    const fault = refusal();
    if (fault !== undefined) return refuse(request, response, record, fault);
    serve(handler, request, response, record).catch((error: unknown) => giveUp(response, record, error));
  };
}

async function serve(
  handler: UniversalHandler,
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
): Promise<void> {
  let universalRequest: ReturnType<typeof universalRequestFromNodeRequest>;
  try {
    universalRequest = universalRequestFromNodeRequest(
      request as NodeRequest,
      response as NodeResponse,
      undefined,
      contextOf(callFor(request, response, record)),
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
  const { body } = universalRequest;
  answer = await handler({ ...universalRequest, body: 'stream' in request ? body : bodyOf(request) });
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

function refuse(request: HttpRequest, response: HttpResponse, record: RequestRecord, fault: Fault): void {
  record.code = fault.spec.code;
  record.reason = fault.reason;
  sendProtocolError(request, response, connectErrorFromFault(fault, record.requestId));
}

function callFor(request: HttpRequest, response: HttpResponse, record: RequestRecord): Call {
  const { headers } = request;
  return {
    record,
    authorization: headers.authorization,
    origin: headers.origin,
    idempotencyKey: headers['idempotency-key']?.toString(),
    setHeader: (name, value) => void response.setHeader(name, value),
    hasDeadline: acceptDeadline(headers),
    undecoded: [],
  };
}

/** Leaves the request whole when a handler stops reading it; read as connect-node does, it could not be read on. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk;
}

/**
 * Handlers stop reading a request that they refuse, such as one that is too large. Left in the socket, the rest would
 * stand before the next request of the connection, which then would wait in vain.
 */
function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  const discard = () => {
    while (request.read() !== null);
  };
  request.on('readable', discard);
  discard();
}

/**
 * The same over HTTP/2, where the caller would wait for ever to be let send the rest, in a stream that stays open.
 * After a whole answer, this asks to send no more (RFC 9113 §8.1).
 */
function stopWhenAnswered({ stream }: Http2Request): void {
  // Comes with trailers and without; for a HEAD before its answer, and then nothing is stopped.
  stream.once('finish', () => {
    if (stream.readableEnded || !stream.headersSent) return;
    // Not at once: the reset would overtake trailers that Node is about to send.
    const timer = setTimeout(() => {
      stream.close(constants.NGHTTP2_NO_ERROR);
      // Closed alone, it would wait for somebody to read what has come.
      stream.destroy();
    }, TRAILERS_MS);
    stream.once('close', () => clearTimeout(timer));
  });
}

/** The response could not be written to its end: the caller left, or a handler broke. */
function giveUp(response: HttpResponse, record: RequestRecord, error: unknown): void {
  const { code } = ConnectError.from(error);
  const callerLeft = code === Code.Aborted || code === Code.Canceled;
  record.code = callerLeft ? 'canceled' : 'internal';
  if (!callerLeft) record.cause = error;
  if (response.headersSent) return void response.destroy();
  response.statusCode = 500;
  response.end();
}
