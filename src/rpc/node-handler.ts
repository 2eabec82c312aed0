import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { Fault } from '../fault/fault.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { type Call, contextOf, routeOf } from './call.ts';
import { acceptDeadline } from './deadline.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from './http-handler.ts';
import { protocolOf, sendProtocolError } from './protocol-error.ts';
import { connectErrorFromFault } from './translate.ts';

/** What stock handlers answer over Connect before the chain runs, by HTTP status. */
const CODES_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid_argument',
  405: 'unimplemented',
  415: 'invalid_argument',
  429: 'resource_exhausted',
  500: 'internal',
  501: 'unimplemented',
  505: 'unimplemented',
};

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
    // Until the chain knows better: what fails before it (framing, JSON, compression) never gets there.
    record.code = 'unknown';
    // Answers carry signed URLs, and not even a refusal is worth keeping.
    response.setHeader('cache-control', 'no-store');
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
      request,
      response,
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
    if (record.code === 'unknown') record.code = answer === undefined ? 'canceled' : codeOf(answer);
  });
  answer = await handler(universalRequest);
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

/** The outcome of a call that the chain never saw. */
function codeOf({ status, trailer }: UniversalServerResponse): string {
  const grpcStatus = trailer?.get('grpc-status');
  if (grpcStatus) return codeToString(Number(grpcStatus));
  return CODES_BY_STATUS[status] ?? 'unknown';
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
