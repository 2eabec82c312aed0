import { expect } from 'vitest';
import type { Outcome } from './outcome.ts';

/** How a call is to end, whatever the protocol. */
export interface Expected {
  readonly code: keyof typeof STATUSES;
  readonly reason?: string;
  readonly fields?: readonly { field: string; message: string }[];
  /** Part of what the caller is told, where no field is to blame. */
  readonly message?: string;
  readonly retryAfterMs?: number;
  readonly hasRequestId?: boolean;
}

/** The status that REST has for each code. */
const STATUSES = {
  ok: 200,
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  failed_precondition: 409,
  aborted: 409,
  resource_exhausted: 429,
  internal: 500,
  unavailable: 503,
  deadline_exceeded: 504,
} as const;

/** Fails, naming the client, unless the call ended as expected in all that its protocol has a place for. */
export function expectOutcome(outcome: Outcome, expected: Expected, client: string): void {
  const { code, reason, fields = [], message = '', retryAfterMs, hasRequestId = false } = expected;
  const told = {
    fields: outcome.fields,
    retryAfter: outcome.headers['retry-after'],
    challenge: outcome.headers['www-authenticate'],
    hasRequestId: outcome.requestId?.startsWith('req_') ?? false,
    hasAnswer: outcome.answer !== undefined,
    status: outcome.rest?.status,
    rpc: outcome.rpc,
  };
  expect(told, client).toEqual({
    fields,
    retryAfter: retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1000)),
    challenge: code === 'unauthenticated' ? 'Bearer' : undefined,
    hasRequestId,
    hasAnswer: code === 'ok',
    status: outcome.rest && STATUSES[code],
    rpc: outcome.rpc && { code, reason: reason && `presignd/${reason}`, retryDelayMs: retryAfterMs },
  });
  expect(outcome.message, client).toContain(message);
}
