import { Code, ConnectError } from '@connectrpc/connect';
import { Fault, faultFromUnknown } from '../fault/fault.ts';
import type { Call } from '../rpc/call.ts';
import type { Door, HttpHandler, HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { Transport } from '../rpc/lean-request.ts';
import type { UnaryCall } from '../rpc/unary-call.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { decodeRequest } from './decode-request.ts';
import { sendFault } from './envelope.ts';
import { createJsonEncoder, type JsonEncoder } from './json-encoder.ts';
import { declaresPlainJson } from './media-type.ts';
import { readBody } from './read-body.ts';
import { createRouteTable } from './route-table.ts';
import { sendJson } from './send-json.ts';

/** The largest request body, in bytes. */
const BODY_MAX_BYTES = 64 * 1024;

export interface RestDoorDeps {
  readonly calls: readonly UnaryCall[];
  /** Where a request on a REST path goes that says it speaks the Connect protocol. */
  readonly rpcDoor: Door;
}

/**
 * Plain JSON over HTTP for every method with a google.api.http rule, through the same chain and implementations as
 * RPC. It works on Node's request and response themselves: a unary call needs none of the streams, signals and
 * header objects that cost most of a call in connect's handlers.
 */
export function createRestDoor({ calls, rpcDoor }: RestDoorDeps): Door {
  const handlers = new Map<string, HttpHandler>();
  for (const [path, call] of createRouteTable(calls)) {
    const connect = rpcDoor.match(`/${call.route}`);
    if (connect === undefined) throw new Error(`${call.route} is not served as an RPC`);
    handlers.set(path, createRouteHandler(call, connect));
  }
  return { match: (path) => handlers.get(path) };
}

function createRouteHandler(call: UnaryCall, connect: HttpHandler): HttpHandler {
  const encode = createJsonEncoder(call.method.output);
  return (request, response, record) => {
    if (request.headers['connect-protocol-version'] !== undefined) return connect(request, response, record);
    record.route = call.route;
    record.protocol = 'rest';
    // What remains true if the caller leaves before there is an answer.
    record.code = 'canceled';
    const refusal = refuse(request);
    if (refusal !== undefined) {
      if (refusal.reason === 'METHOD_NOT_ALLOWED') response.setHeader('allow', 'POST');
      return sendFault(request, response, record, refusal);
    }
    readBody(request, BODY_MAX_BYTES, {
      complete: (body) => void answer(call, encode, request, response, record, body),
      tooLarge: () => sendFault(request, response, record, bodyTooLarge()),
    });
  };
}

/** What can be refused by the head of the request alone. */
function refuse(request: HttpRequest): Fault | undefined {
  if (request.method !== 'POST') return new Fault('METHOD_NOT_ALLOWED');
  if (!declaresPlainJson(request)) return new Fault('UNSUPPORTED_MEDIA_TYPE');
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) return bodyTooLarge();
  return undefined;
}

function bodyTooLarge(): Fault {
  return new Fault('BODY_TOO_LARGE', {
    publicMessage: `The request body is larger than ${BODY_MAX_BYTES} bytes`,
  });
}

async function answer(
  call: UnaryCall,
  encode: JsonEncoder,
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  body: Uint8Array,
): Promise<void> {
  try {
    const { message, undecoded } = decodeRequest(call.method.input, body);
    const output = await call.invoke(
      message,
      callFor(request, record, undecoded),
      transportOf(request, response),
    );
    const text = JSON.stringify(encode(output.message));
    sendJson(request, response, 200, text, output.header);
  } catch (error) {
    // The chain wraps the fault in a ConnectError, which has no place for what REST says.
    sendFault(
      request,
      response,
      record,
      faultFromUnknown(error instanceof ConnectError ? (error.cause ?? error) : error),
    );
  }
}

function callFor(request: HttpRequest, record: RequestRecord, undecoded: Call['undecoded']): Call {
  return { record, authorization: request.headers.authorization, hasDeadline: false, undecoded };
}

function transportOf(request: HttpRequest, response: HttpResponse): Transport {
  return {
    protocolName: 'rest',
    requestMethod: 'POST',
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
