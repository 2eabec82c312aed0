import type { DescService } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import type { KeyLimiter } from '../quota/key-limiter.ts';
import { admit } from './admit.ts';
import { authenticate, type Verify } from './authenticate.ts';
import { createCallCount, limit } from './limit.ts';
import { observe } from './observe.ts';
import { translate } from './translate.ts';
import { refuseUnknownFields } from './unknown-fields.ts';
import type { Validation } from './validate.ts';

export interface ChainDeps {
  readonly verify: Verify;
  readonly limiter: KeyLimiter;
  readonly wallClockMs: () => number;
  /** Of the same services. */
  readonly validation: Validation;
}

/** What every call to a service of the product passes through, outermost first. */
export function createChain(
  services: readonly DescService[],
  { verify, limiter, wallClockMs, validation }: ChainDeps,
): Interceptor[] {
  return [
    observe, // outermost, so that the record holds what the caller was really answered
    translate, // around everything that can fail, so that no failure leaves in a shape of its own
    authenticate(verify), // before anything that depends on the caller, and before the caller learns anything
    limit(createCallCount(limiter, wallClockMs)), // every authenticated call counts, so that refusals cannot be had without end
    admit(services), // a key that may not call does not get its request judged
    refuseUnknownFields(services), // what nobody here understands is not judged either
    validation.interceptor, // last, so that implementations see only requests that keep the contract
  ];
}

/** For services that everybody may call, such as health and reflection. */
export const PUBLIC_CHAIN: Interceptor[] = [observe, translate];
