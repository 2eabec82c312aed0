import type { Fault, FieldViolation } from './fault.ts';
import { REASONS, type Reason } from './reasons.ts';

/** The one error body of every REST path, and of every refused item of a batch. Its keys are written in this order. */
export interface ErrorEnvelope {
  /** The HTTP reason phrase. */
  readonly error: string;
  readonly message: string;
  /** The HTTP status. */
  readonly code: number;
  /** The fields to blame, only where there are some. */
  readonly details?: readonly FieldViolation[];
  /** On every 5xx: it finds the cause in the log. */
  readonly requestId?: string;
}

/** The reason phrases of HTTP, as Node has them. */
const PHRASES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
} as const satisfies Record<(typeof REASONS)[Reason]['status'], string>;

export function envelopeFromFault(fault: Fault, requestId: string): ErrorEnvelope {
  const { status } = REASONS[fault.reason];
  return {
    error: PHRASES[status],
    message: fault.publicMessage,
    code: status,
    ...(fault.fields.length > 0 ? { details: fault.fields } : {}),
    ...(status >= 500 ? { requestId } : {}),
  };
}
