// Joins what bounds how much is worked on at a time with what says so.
import type { Settings } from './config/settings.ts';
import { type CallAdmission, createCallAdmission } from './flow/call-admission.ts';
import { clock, random, schedule } from './system.ts';
import type { Events } from './telemetry/events.ts';
import type { Metrics } from './telemetry/metrics.ts';

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
