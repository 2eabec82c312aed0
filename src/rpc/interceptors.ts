import type { DescService } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import type { CallAdmission } from '../flow/call-admission.ts';
import type { KeyLimiter } from '../quota/key-limiter.ts';
import { admit } from './admit.ts';
import { authenticate, type Verify } from './authenticate.ts';
import { inTime } from './in-time.ts';
import { createCallCount, limit } from './limit.ts';
import { observe } from './observe.ts';
import { takeTurn } from './take-turn.ts';
import { translate } from './translate.ts';
import { refuseUnknownFields } from './unknown-fields.ts';
import type { Validation } from './validate.ts';

export interface ChainDeps {
  readonly verify: Verify;
  readonly limiter: KeyLimiter;
  readonly wallClockMs: () => number;
  /** Left out: everything that comes is taken on. */
  readonly admission?: CallAdmission | undefined;
  /** Of the same services. */
  readonly validation: Validation;
}

/**
 * What every call to a service of the product passes through, outermost first. Three stand around the rest of the call;
 * the others are guards, which cost no promise unless they wait.
 */
export function createChain(
  services: readonly DescService[],
  { verify, limiter, wallClockMs, admission, validation }: ChainDeps,
): Interceptor[] {
  return [
    observe, // outermost, so that the record holds what the caller was really answered
    translate, // around everything that can fail, so that no failure leaves in a shape of its own
    ...(admission === undefined ? [] : [takeTurn(admission)]), // before anything that takes time
    inTime, // a call that waited too long for its turn costs nothing more
    authenticate(verify), // before anything that depends on the caller, and before the caller learns anything
    limit(createCallCount(limiter, wallClockMs)), // every authenticated call counts, so that refusals cannot be had without end
    inTime, // what follows has effects, and nobody waits for them any more
    admit(services), // a key that may not call does not get its request judged
    refuseUnknownFields(services), // what nobody here understands is not judged either
    validation.interceptor, // last, so that implementations see only requests that keep the contract
  ];
}

/** For services that everybody may call, such as health and reflection. */
export const PUBLIC_CHAIN: Interceptor[] = [observe, translate];
