import { durationMs, splitList, type ValueType } from './value-types.ts';

/** A named rate limit; null is no limit. */
export type RatePlan = { readonly requests: number; readonly windowMs: number } | null;

const PLAN = /^(?<name>[a-z][a-z0-9_-]{0,49})(?:=(?<requests>\d{1,7})\/(?<window>[0-9.]+[a-z]+))?$/;
const WINDOW_MAX_MS = 86_400_000;
const REQUESTS_MAX = 1_000_000;

/** Plans by their name, such as `free=10/1m,unlimited`. */
export const ratePlans: ValueType<ReadonlyMap<string, RatePlan>> = {
  label: 'list of plans, each `NAME=CALLS/WINDOW` or `NAME`',
  read: (value) => {
    const plans = new Map<string, RatePlan>();
    for (const [name, plan] of splitList(value).map(planFromText)) {
      if (plans.has(name)) throw new Error(`names ${name} twice`);
      plans.set(name, plan);
    }
    return plans;
  },
};

function planFromText(text: string): readonly [name: string, plan: RatePlan] {
  const { name, requests, window } = PLAN.exec(text)?.groups ?? {};
  const plan = window === undefined ? null : { requests: Number(requests), windowMs: durationMs(window) };
  const possible =
    plan === null ||
    (plan.requests >= 1 &&
      plan.requests <= REQUESTS_MAX &&
      plan.windowMs >= 1_000 &&
      plan.windowMs <= WINDOW_MAX_MS);
  if (name === undefined || !possible) {
    throw new Error(
      `must list plans such as free=10/1m or unlimited, of 1 to ${REQUESTS_MAX} calls in 1s to 24h`,
    );
  }
  return [name, plan];
}
