import { ConnectError } from '@connectrpc/connect';
import { Fault, faultFromUnknown } from '../fault/fault.ts';
import { REQUEST_DEFAULT_MAX_BYTES, requestMaxBytes } from '../rpc/access.ts';
import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import { readBody } from '../rpc/read-body.ts';
import type { UnaryCall } from '../rpc/unary-call.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { sendFault } from './envelope.ts';
import type { HttpBinding } from './http-binding.ts';
import { createJsonEncoder, type JsonEncoder } from './json-encoder.ts';
import { isJsonObject } from './json-fields.ts';
import { declaresPlainJson } from './media-type.ts';
import { createRequestDecoder, type RequestDecoder } from './request-decoder.ts';
import { restCall, restTransport } from './rest-transport.ts';
import { sendJson } from './send-json.ts';

/** Answers a request that has come to its method. `segments` are those of the path, without the verb. */
export type ServeCall = (
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  segments: readonly string[],
) => void;

/** Serves one method as one of its bindings says. Without a body in the binding, none is looked at. */
export function createServeCall(call: UnaryCall, binding: HttpBinding): ServeCall {
  const exchange: Exchange = {
    call,
    decode: createRequestDecoder(call.method.input, binding),
    encode: encoderFor(call, binding),
  };
  const begin: Begin = (request, response, record) => {
    record.route = call.route;
    record.protocol = 'rest';
    // What remains true if the caller leaves before there is an answer.
    record.code = 'canceled';
    const fault = call.refusal();
    if (fault !== undefined) sendFault(request, response, record, fault);
    return fault === undefined;
  };
  if (binding.body === undefined) {
    return (request, response, record, segments) => {
      if (begin(request, response, record))
        call.together(() => void answer(exchange, request, response, record, segments, undefined));
    };
  }
  const maxBytes = requestMaxBytes(call.method);
  return (request, response, record, segments) => {
    if (!begin(request, response, record)) return;
    const refusal = refuse(request, maxBytes);
    if (refusal !== undefined) return sendFault(request, response, record, refusal);
    const limits = {
      maxBytes,
      // A large body takes memory, which strangers do not get.
      freeBytes: REQUEST_DEFAULT_MAX_BYTES,
      admit: () => call.identify(restCall(request, response, record, [])),
    };
    readBody(request, limits, {
      complete: (body) =>
        call.together(() => void answer(exchange, request, response, record, segments, body)),
      tooLarge: () => sendFault(request, response, record, bodyTooLarge(maxBytes)),
      refused: (error) => sendFault(request, response, record, faultFromUnknown(error)),
    });
  };
}

/** Puts the call on the record. False where it is not taken on, which has been answered. */
type Begin = (request: HttpRequest, response: HttpResponse, record: RequestRecord) => boolean;

interface Exchange {
  readonly call: UnaryCall;
  readonly decode: RequestDecoder;
  readonly encode: JsonEncoder;
}

function encoderFor({ method }: UnaryCall, { responseBody }: HttpBinding): JsonEncoder {
  const encode = createJsonEncoder(method.output);
  if (responseBody === undefined) return encode;
  const { jsonName } = responseBody;
  return (message) => {
    const json = encode(message);
    return (isJsonObject(json) ? json[jsonName] : undefined) ?? null;
  };
}

/** What can be refused by the head of the request alone. */
function refuse(request: HttpRequest, maxBytes: number): Fault | undefined {
  if (!declaresPlainJson(request) && !announcesNothing(request)) return new Fault('UNSUPPORTED_MEDIA_TYPE');
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return bodyTooLarge(maxBytes);
  return undefined;
}

/** Neither a body nor what it would be. Over HTTP/2 a body may still come. */
function announcesNothing({ headers }: HttpRequest): boolean {
  return (
    headers['content-type'] === undefined &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    Number(headers['content-length'] ?? 0) === 0
  );
}

function bodyTooLarge(maxBytes: number): Fault {
  return new Fault('BODY_TOO_LARGE', {
    publicMessage: `The request body is larger than ${maxBytes} bytes`,
  });
}

async function answer(
  { call, decode, encode }: Exchange,
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  segments: readonly string[],
  body: Uint8Array | undefined,
): Promise<void> {
  try {
    const { message, undecoded } = decode(request.url ?? '', segments, declaredBody(request, body));
    const output = await call.invoke(
      message,
      restCall(request, response, record, undecoded),
      restTransport(request, response, record),
    );
    sendJson(request, response, 200, JSON.stringify(encode(output.message)), output.header);
  } catch (error) {
    // The chain wraps the fault in a ConnectError, which has no place for what REST says.
    const cause = error instanceof ConnectError ? (error.cause ?? error) : error;
    sendFault(request, response, record, faultFromUnknown(cause));
  }
}

/** The body, or undefined where there is none and no type was given for one. */
function declaredBody({ headers }: HttpRequest, body: Uint8Array | undefined): Uint8Array | undefined {
  if (body === undefined || headers['content-type'] !== undefined) return body;
  if (body.length > 0) throw new Fault('UNSUPPORTED_MEDIA_TYPE');
  return undefined;
}
