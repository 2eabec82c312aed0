import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { Fault } from '../fault/fault.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { type Call, contextOf, routeOf } from './call.ts';
import { acceptDeadline } from './deadline.ts';
import { readEarlyAnswer } from './early-answer.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './http-handler.ts';
import { protocolOf, sendProtocolError } from './protocol-error.ts';
import { connectErrorFromFault } from './translate.ts';
import { undecodable } from './undecodable.ts';

/** Serves one RPC with connect's own handler for gRPC, gRPC-Web and Connect. */
export function createNodeHandler(handler: UniversalHandler): HttpHandler {
  const route = routeOf(handler.method);
  return (request, response, record) => {
    record.route = route;
    record.protocol = protocolOf(request);
    // Until the chain knows better.
    record.code = 'unknown';
    // Answers carry signed URLs, and not even a refusal is worth keeping.
    response.setHeader('cache-control', 'no-store');
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
      request,
      response,
      undefined,
      contextOf(callFor(request, response, record)),
    );
  } catch {
    // It parses Host, :authority and the path as a URL, and throws where they are none.
    return refuse(request, response, record, new Fault('INVALID_HOST'));
  }
  // Ahead of the edge's own listener, which logs the record.
  response.prependOnceListener('close', () => {
    if (record.code === 'unknown') record.code = 'canceled';
  });
  let answer = await handler(universalRequest);
  // What fails before the chain (framing, JSON, compression) never gets there.
  if (record.code === 'unknown') {
    const early = await readEarlyAnswer(answer);
    if (early.isUndecodable) return refuse(request, response, record, undecodable());
    record.code = early.code;
    answer = early.answer;
  }
  // RFC 9110 §15.5.6 wants it; the stock handlers leave it out.
  if (answer.status === 405) response.setHeader('allow', handler.allowedMethods.join(', '));
  await universalResponseToNodeResponse(answer, response);
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
