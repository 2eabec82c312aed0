// Joins what bounds how much is worked on at a time with what says so, and what has it worked on together.
import type { Settings } from './config/settings.ts';
import { type Batches, createBatches } from './flow/batches.ts';
import { type CallAdmission, createCallAdmission } from './flow/call-admission.ts';
import { afterInput, clock, random, schedule } from './system.ts';
import type { Events } from './telemetry/events.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { Tracing } from './telemetry/tracing.ts';

export function openAdmission(
  settings: Pick<Settings, 'maxConcurrentCalls' | 'maxQueuedCalls' | 'maxLoopDelayMs'>,
  events: Events,
  metrics: Metrics,
): CallAdmission & Disposable {
  const admission = createCallAdmission({
    limits: settings,
    clock,
    schedule,
    random: random.fraction,
    onShed: events.shed,
    onOverload: events.overloaded,
    onRecovery: events.recovered,
  });
  metrics.watchCalls(admission.counts);
  return { ...admission, [Symbol.dispose]: admission.close };
}

/** Batches of calls, each of which stays within its own trace. */
export function openBatches(tracing: Pick<Tracing, 'bound'> | undefined): Batches {
  const batches = createBatches(afterInput);
  return tracing === undefined ? batches : (work) => batches(tracing.bound(work));
}
