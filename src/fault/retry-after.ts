import type { Fault } from './fault.ts';

/** When nobody knows better, how long a caller should wait before it tries again. */
const DEFAULT_WAIT_MS = 1_000;

/** How long the caller should wait, in milliseconds; undefined for a fault that waiting does not cure. */
export function waitMsOf(fault: Fault): number | undefined {
  const { status } = fault.spec;
  return fault.retryAfterMs ?? (status === 429 || status === 503 ? DEFAULT_WAIT_MS : undefined);
}

/** `Retry-After` counts whole seconds (RFC 9110 §10.2.3): rounded up, so that nobody comes too early. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1000));
}
