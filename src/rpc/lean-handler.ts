// Unary calls over gRPC, gRPC-Web and Connect on Node's request and response themselves. What is not exactly as usual
// goes to connect's stock handlers, with what has been read of it: they alone know what to answer to what is wrong.
import type { Message } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { createMethodSerializationLookup } from '@connectrpc/connect/protocol';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { faultFromUnknown } from '../fault/fault.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { REQUEST_DEFAULT_MAX_BYTES } from './access.ts';
import type { Call } from './call.ts';
import { sendConnectError, sendConnectMessage } from './connect-answer.ts';
import { giveUp, refuse } from './end-call.ts';
import { sendGrpcError, sendGrpcMessage } from './grpc-answer.ts';
import { announcedLength, framedBytes, onlyMessageOf } from './grpc-frame.ts';
import { httpCall } from './http-call.ts';
import type { HttpRequest, HttpResponse } from './http-handler.ts';
import { HttpTransport } from './http-transport.ts';
import type { JsonOptions, LeanExchange } from './lean-exchange.ts';
import { leanHeadOf, type Wire } from './lean-head.ts';
import { type BodyLimits, readBody } from './read-body.ts';
import type { UnaryCall } from './unary-call.ts';
import { forgoBody } from './unread-body.ts';

/** A unary method, and how its stock handler serves it. */
export interface LeanMethod {
  readonly call: UnaryCall;
  /** The most that a message may take. */
  readonly readMaxBytes: number;
  readonly jsonOptions: JsonOptions;
}

/**
 * Serves a call that has been taken on, or answers false and leaves it untouched. What turns out to be unusual only
 * when it is read is handed over to `serveStock`, with the body as far as it matters.
 */
export type ServeLean = (
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  serveStock: (read: readonly Uint8Array[]) => void,
) => boolean;

export function createLeanHandler({ call, readMaxBytes, jsonOptions }: LeanMethod): ServeLean {
  const limits = { readMaxBytes, writeMaxBytes: Number.POSITIVE_INFINITY };
  const serialization = createMethodSerializationLookup(call.method, undefined, jsonOptions, limits);

  function decode({ protocol, isBinary }: Wire, body: Buffer): Message | undefined {
    const bytes = protocol === 'connect' ? body : onlyMessageOf(body);
    try {
      return bytes && serialization.getI(isBinary).parse(bytes);
    } catch {
      return undefined;
    }
  }

  async function answer(
    exchange: LeanExchange,
    message: Message,
    record: RequestRecord,
    info: Call,
  ): Promise<void> {
    const { wire, transport } = exchange;
    let body: Uint8Array;
    try {
      const output = await call.invoke(message, info, transport);
      body = serialization.getO(wire.isBinary).serialize(output.message);
    } catch (thrown) {
      const error = connectErrorOf(thrown);
      record.code = codeToString(error.code);
      return wire.protocol === 'connect' ? sendConnectError(exchange, error) : sendGrpcError(exchange, error);
    }
    return wire.protocol === 'connect' ? sendConnectMessage(exchange, body) : sendGrpcMessage(exchange, body);
  }

  return (request, response, record, serveStock) => {
    const head = leanHeadOf(request, readMaxBytes);
    if (head === undefined) return false;
    const { wire, timeoutMs } = head;
    // What remains true if the caller leaves before there is an answer.
    record.code = 'canceled';
    // From the arrival of the request: what its body took has been waited for, too.
    const deadlineAtMs = timeoutMs === undefined ? undefined : record.startedAtMs + timeoutMs;
    const info = httpCall(request, response, record, timeoutMs !== undefined);
    const take = (body: Buffer) => {
      const message = decode(wire, body);
      if (message === undefined) return serveStock([body]);
      const transport = new HttpTransport(wire.protocol, request, response, deadlineAtMs);
      const exchange = { wire, request, response, transport, jsonOptions };
      answer(exchange, message, record, info).catch((error: unknown) => giveUp(response, record, error));
    };
    readBody(
      request,
      bodyLimits(wire, readMaxBytes, () => call.identify(info)),
      {
        complete: (body) => call.together(() => take(body)),
        tooLarge: serveStock,
        refused: (error) => {
          forgoBody(request, response);
          refuse(request, response, record, faultFromUnknown(error));
        },
      },
    );
    return true;
  };
}

function bodyLimits({ protocol }: Wire, readMaxBytes: number, admit: BodyLimits['admit']): BodyLimits {
  // A large body takes memory, which strangers do not get.
  const freeBytes = REQUEST_DEFAULT_MAX_BYTES;
  if (protocol === 'connect') return { maxBytes: readMaxBytes, freeBytes, admit };
  return {
    // The stock handlers read a second message before they refuse it.
    maxBytes: 2 * framedBytes(readMaxBytes),
    freeBytes: framedBytes(freeBytes),
    admit,
    announcesTooMuch: (chunks) => (announcedLength(chunks) ?? 0) > readMaxBytes,
  };
}

/** As the stock handlers have it: what is no ConnectError is nobody's business. */
function connectErrorOf(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  return new ConnectError('internal error', Code.Internal, undefined, undefined, error);
}
