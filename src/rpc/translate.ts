import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from '../../gen/google/rpc/error_details_pb.js';
import { Fault, faultFromUnknown } from '../fault/fault.ts';
import type { WireCode } from '../fault/reason-spec.ts';
import { retryAfterSeconds, waitMsOf } from '../fault/retry-after.ts';
import { callOf } from './call.ts';
import { hasExpired } from './deadline.ts';
import { decodableMessages } from './undecodable.ts';

const CODES = {
  invalid_argument: Code.InvalidArgument,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  unimplemented: Code.Unimplemented,
  resource_exhausted: Code.ResourceExhausted,
  deadline_exceeded: Code.DeadlineExceeded,
  internal: Code.Internal,
  unavailable: Code.Unavailable,
} as const satisfies Record<WireCode, Code>;

/** The `domain` of every google.rpc.ErrorInfo. */
const ERROR_DOMAIN = 'presignd';

/** Codes that say nothing about whose fault it is: what they carry may be an inner error's text. */
const OPAQUE_CODES: readonly Code[] = [Code.Unknown, Code.Internal, Code.DataLoss];

type OutgoingDetail = Extract<ConnectError['details'][number], { desc: unknown }>;

/** Turns every failure into the protocols' error model, with a `Fault` as its cause. What is unknown leaks nothing. */
export const translate: Interceptor = (next) => async (request) => {
  const { record, hasDeadline } = callOf(request.contextValues);
  try {
    const running = next(
      request.stream ? { ...request, message: decodableMessages(request.message) } : request,
    );
    const response = await (hasDeadline ? withinDeadline(running, request.signal) : running);
    if (!response.stream) return response;
    return { ...response, message: translateStream(response.message, record.requestId) };
  } catch (error) {
    throw connectErrorFrom(error, record.requestId);
  }
};

async function* translateStream<T>(messages: AsyncIterable<T>, requestId: string): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw connectErrorFrom(error, requestId);
  }
}

/** Stock handlers abort the signal at the deadline but still wait for the implementation. */
function withinDeadline<T>(response: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      // After a shutdown, or when the caller left, a running unary call is finished, not cut.
      if (hasExpired(signal)) reject(new Fault('DEADLINE_EXCEEDED'));
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    response.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function connectErrorFrom(error: unknown, requestId: string): ConnectError {
  if (error instanceof ConnectError && !OPAQUE_CODES.includes(error.code)) return error;
  return connectErrorFromFault(faultFromUnknown(error), requestId);
}

/** The fault as Connect, gRPC and gRPC-Web say it: code, message, google.rpc details, `retry-after` metadata. */
export function connectErrorFromFault(fault: Fault, requestId: string): ConnectError {
  const { code } = fault.spec;
  const metadata = new Headers();
  const waitMs = waitMsOf(fault);
  if (waitMs !== undefined) metadata.set('retry-after', String(retryAfterSeconds(waitMs)));
  if (code === 'unauthenticated') metadata.set('www-authenticate', 'Bearer');
  return new ConnectError(rpcMessage(fault), CODES[code], metadata, details(fault, waitMs, requestId), fault);
}

function details(fault: Fault, waitMs: number | undefined, requestId: string): OutgoingDetail[] {
  const { code } = fault.spec;
  const fieldViolations = fault.fields.map(({ field, message }) => ({ field, description: message }));
  // Told apart, unknown, revoked and expired keys would be an oracle for whoever tries keys.
  const reason = code === 'unauthenticated' ? 'UNAUTHENTICATED' : fault.reason;
  return [
    ...(fieldViolations.length > 0 ? [{ desc: BadRequestSchema, value: { fieldViolations } }] : []),
    { desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN } },
    ...(waitMs === undefined
      ? []
      : [{ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(waitMs) } }]),
    ...(code === 'internal' || code === 'unavailable'
      ? [{ desc: RequestInfoSchema, value: { requestId } }]
      : []),
  ];
}

/** RPC tools often show only the message, so it names the fields; REST has a place for them. */
function rpcMessage(fault: Fault): string {
  if (fault.fields.length === 0) return fault.publicMessage;
  return fault.fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
}

function durationFromMs(ms: number): { seconds: bigint; nanos: number } {
  const wholeMs = Math.ceil(ms);
  return { seconds: BigInt(Math.floor(wholeMs / 1000)), nanos: (wholeMs % 1000) * 1_000_000 };
}
