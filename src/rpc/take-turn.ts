import type { Interceptor } from '@connectrpc/connect';
import type { CallAdmission } from '../flow/call-admission.ts';

/** Bounds how many calls are worked on at once, whatever they wait for. */
export function takeTurn({ enter, leave }: Pick<CallAdmission, 'enter' | 'leave'>): Interceptor {
  return (next) => async (request) => {
    const turn = enter();
    if (turn !== undefined) await turn;
    try {
      return await next(request);
    } finally {
      // Not when the answer has gone out: callers who do not read theirs would hold the turns of all.
      leave();
    }
  };
}
