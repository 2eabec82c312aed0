import { Fault } from '../fault/fault.ts';
import { callOf } from './call.ts';
import { hasExpired } from './deadline.ts';
import { guard } from './guard.ts';

/** Ends a call whose deadline has passed, so that nothing is begun for nobody. */
export const inTime = guard((request) => {
  // The signal is asked for last: it is made on first use.
  if (callOf(request.contextValues).hasDeadline && hasExpired(request.signal))
    throw new Fault('DEADLINE_EXCEEDED');
});
