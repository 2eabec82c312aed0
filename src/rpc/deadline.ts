import type { IncomingHttpHeaders } from 'node:http';
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';
import type { TimeLeft } from '../flow/time-left.ts';

/** Node's timers fire at once beyond 24.8 days, so longer deadlines than a day are taken for a day. */
export const MAX_DEADLINE_MS = 24 * 60 * 60 * 1000;

/** gRPC's units in milliseconds (gRPC over HTTP/2, "Timeout"). */
const GRPC_UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Whether the caller sent a deadline. Shortens one that is too long, in the headers that the handlers will read. */
export function acceptDeadline(headers: IncomingHttpHeaders): boolean {
  const connectTimeout = headers['connect-timeout-ms'];
  const grpcTimeout = headers['grpc-timeout'];
  if (Number(connectTimeout) > MAX_DEADLINE_MS) headers['connect-timeout-ms'] = String(MAX_DEADLINE_MS);
  if (typeof grpcTimeout === 'string' && grpcMs(grpcTimeout) > MAX_DEADLINE_MS)
    headers['grpc-timeout'] = '24H';
  return connectTimeout !== undefined || grpcTimeout !== undefined;
}

/** What is left of a call's time, for what is done for nobody else. Undefined where the caller set no deadline. */
export function timeLeftOf(context: Pick<HandlerContext, 'timeoutMs'>): TimeLeft | undefined {
  return context.timeoutMs() === undefined ? undefined : () => context.timeoutMs() ?? 0;
}

/** Whether the signal of a call was aborted by its deadline. A shutdown or a caller that left aborts it too. */
export function hasExpired(signal: AbortSignal): boolean {
  return signal.aborted && ConnectError.from(signal.reason).code === Code.DeadlineExceeded;
}

/** NaN for what is no gRPC timeout, which the handlers refuse. */
function grpcMs(timeout: string): number {
  return Number(timeout.slice(0, -1)) * (GRPC_UNITS_MS[timeout.slice(-1)] ?? Number.NaN);
}
