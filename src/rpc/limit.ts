import type { ContextValues, Interceptor } from '@connectrpc/connect';
import { Fault } from '../fault/fault.ts';
import { retryAfterSeconds } from '../fault/retry-after.ts';
import type { KeyLimiter, KeyRateVerdict } from '../quota/key-limiter.ts';
import { type Call, callerOf, callOf, setRate } from './call.ts';
import { guard } from './guard.ts';

/** What the policy of a limit of the key's own is called; a plan's has the plan's name. */
const OWN_POLICY = 'key';

/**
 * Counts one call against the limit of the caller's key, and tells the caller how the key stands to it: on the answer,
 * refusals included. Answers the RATE_LIMITED of a call too many. Costs next to nothing, and says nothing, where no
 * limit applies.
 */
export type CountCall = (values: ContextValues) => Fault | undefined | Promise<Fault | undefined>;

/** Ends the call when its key is over its rate limit. */
export function limit(count: CountCall): Interceptor {
  return guard(({ contextValues }) => {
    const counted = count(contextValues);
    return counted instanceof Promise ? counted.then(refuse) : refuse(counted);
  });
}

function refuse(refusal: Fault | undefined): void {
  if (refusal !== undefined) throw refusal;
}

export function createCallCount(limiter: KeyLimiter, wallClockMs: () => number): CountCall {
  return (values) => {
    const taken = limiter.take(callerOf(values));
    if (taken === undefined) return undefined;
    return taken instanceof Promise ? taken.then(judge) : judge(taken);

    function judge(verdict: KeyRateVerdict): Fault | undefined {
      setRate(values, verdict);
      announce(callOf(values).setHeader, verdict, wallClockMs());
      if (verdict.allowed) return undefined;
      return new Fault('RATE_LIMITED', { retryAfterMs: verdict.retryAfterMs });
    }
  };
}

/**
 * `X-RateLimit-Reset` is the moment, in Unix seconds, from which the whole limit is available again. The others are
 * those of draft-ietf-httpapi-ratelimit-headers-11.
 */
function announce(setHeader: Call['setHeader'], verdict: KeyRateVerdict, nowMs: number): void {
  const { plan = OWN_POLICY, requests, windowMs, remaining, resetMs } = verdict;
  setHeader('x-ratelimit-limit', String(requests));
  setHeader('x-ratelimit-remaining', String(remaining));
  setHeader('x-ratelimit-reset', String(Math.ceil((nowMs + resetMs) / 1_000)));
  setHeader('ratelimit-policy', `"${plan}";q=${requests};w=${Math.ceil(windowMs / 1_000)}`);
  setHeader('ratelimit', `"${plan}";r=${remaining};t=${effectiveWindowSeconds(verdict)}`);
}

/**
 * How long the caller should make do with what remains (section 4.1.2 of the draft): as long as the limit takes to
 * give as much again, so that whoever spreads its calls over it keeps to the limit's rate; and no longer than
 * `Retry-After` when nothing is left (section 6).
 */
function effectiveWindowSeconds({ allowed, retryAfterMs, remaining, requests, windowMs }: KeyRateVerdict) {
  return retryAfterSeconds(allowed ? (Math.max(1, remaining) * windowMs) / requests : retryAfterMs);
}
