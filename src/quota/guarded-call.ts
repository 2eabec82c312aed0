import type { CallGuard } from './ports.ts';

/** Told of a call that was decided without the dependency, and why that failed if it was asked. */
export type CallInsurance = (error: unknown) => void;

export interface GuardedCall<T> {
  readonly ask: () => Promise<T>;
  /** Finds out, without any effect, whether the dependency is back. */
  readonly probe: () => Promise<unknown>;
}

/** What the dependency answers; undefined when it does not, and at once while it is known not to. Never rejects. */
export async function callGuarded<T extends object>(
  guard: CallGuard,
  { ask, probe }: GuardedCall<T>,
  onInsurance: CallInsurance,
): Promise<T | undefined> {
  const healthy = guard.state() === 'closed';
  if (!guard.admit()) return insured(undefined);
  // What may still be out of order is tried out while the caller is answered without it.
  if (!healthy) {
    probe().then(guard.succeeded, guard.failed);
    return insured(undefined);
  }
  try {
    const answer = await ask();
    guard.succeeded();
    return answer;
  } catch (error) {
    guard.failed();
    return insured(error);
  }

  function insured(error: unknown): undefined {
    onInsurance(error);
  }
}
