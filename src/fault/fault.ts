import type { ReasonSpec } from './reason-spec.ts';
import { REASONS, type Reason } from './reasons.ts';

/** A field that breaks its rule: its JSON path, and what the rule asks for. */
export interface FieldViolation {
  readonly field: string;
  readonly message: string;
}

export interface FaultOptions {
  /** The fields to blame, in the order of the request message. */
  readonly fields?: readonly FieldViolation[];
  /** What the caller is told instead of the reason's own message. Must hold no secret. */
  readonly publicMessage?: string;
  /** When a retry makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number;
  /** What really happened, for the log only. */
  readonly cause?: unknown;
}

/**
 * The only error that crosses a room's border. `message` is for the log; what the caller sees is
 * `publicMessage`, which comes from the table of reasons unless the thrower narrows it.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly reason: Reason;
  readonly publicMessage: string;
  readonly fields: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, options: FaultOptions = {}) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.publicMessage = options.publicMessage ?? REASONS[reason].publicMessage;
    this.fields = options.fields ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }

  get spec(): ReasonSpec {
    return REASONS[this.reason];
  }
}

/** The fault itself, or the unknown error wrapped as `INTERNAL` with the error as its cause. */
export function faultFromUnknown(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault('INTERNAL', { cause: error });
}
