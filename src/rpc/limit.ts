import type { Interceptor } from '@connectrpc/connect';
import { Fault } from '../fault/fault.ts';
import { retryAfterSeconds } from '../fault/retry-after.ts';
import type { KeyLimiter, KeyRateVerdict } from '../quota/key-limiter.ts';
import { type Call, callOf, principalOf, setRate } from './call.ts';

/** What the policy of a limit of the key's own is called; a plan's has the plan's name. */
const OWN_POLICY = 'key';

/**
 * Ends the call when its key is over its rate limit, and tells the caller how the key stands to it: on every answer
 * from here on, refusals included. Costs next to nothing, and says nothing, where no limit applies.
 */
export function limit(limiter: KeyLimiter, wallClockMs: () => number): Interceptor {
  return (next) => (request) => {
    const { contextValues } = request;
    const principal = principalOf(contextValues);
    if (principal === undefined) throw new Error('a caller must be known before it can be limited');
    const taken = limiter.take(principal);
    if (taken === undefined) return next(request);
    return taken instanceof Promise ? taken.then(proceed) : proceed(taken);

    function proceed(verdict: KeyRateVerdict): ReturnType<typeof next> {
      setRate(contextValues, verdict);
      announce(callOf(contextValues).setHeader, verdict, wallClockMs());
      if (verdict.allowed) return next(request);
      return Promise.reject(new Fault('RATE_LIMITED', { retryAfterMs: verdict.retryAfterMs }));
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
