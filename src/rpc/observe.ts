import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { Fault } from '../fault/fault.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { callOf, principalOf } from './call.ts';

/** Writes into the request's record who called and how the call ended. */
export const observe: Interceptor = (next) => async (request) => {
  const { record } = callOf(request.contextValues);
  try {
    const response = await next(request);
    if (response.stream)
      return { ...response, message: observeStream(response.message, record, request.signal) };
    record.code = 'ok';
    return response;
  } catch (error) {
    recordFailure(record, error);
    throw error;
  } finally {
    const principal = principalOf(request.contextValues);
    if (principal !== undefined) {
      record.keyId = principal.keyId;
      record.owner = principal.owner;
      if (principal.uploadToken !== undefined) record.uploadTokenId = principal.uploadToken.id;
    }
  }
};

async function* observeStream<T>(
  messages: AsyncIterable<T>,
  record: RequestRecord,
  signal: AbortSignal,
): AsyncGenerator<T> {
  // What remains true when the caller leaves before the end.
  record.code = 'canceled';
  try {
    yield* messages;
    record.code = callerLeft(signal) ? 'canceled' : 'ok';
  } catch (error) {
    recordFailure(record, error);
    throw error;
  }
}

/** A shutdown aborts too, with a reason of its own. */
function callerLeft(signal: AbortSignal): boolean {
  return signal.aborted && ConnectError.from(signal.reason).code === Code.Canceled;
}

function recordFailure(record: RequestRecord, error: unknown): void {
  const { code, cause } = ConnectError.from(error);
  record.code = codeToString(code);
  if (!(cause instanceof Fault)) return;
  record.reason = cause.reason;
  if (cause.cause !== undefined) record.cause = cause.cause;
}
