import { storeFault } from './store-fault.ts';

interface PendingCall {
  resolve(value: unknown): void;
  reject(cause: unknown): void;
}

/** The calls that wait for an answer from another thread. */
export interface PendingCalls {
  readonly count: () => number;
  /** Adds a call that rejects with STORE_UNAVAILABLE when nothing has settled it in time. */
  add(): { readonly id: number; readonly answer: Promise<unknown> };
  /** Settles the call, unless it no longer waits. */
  settle(id: number, how: (call: PendingCall) => void): void;
  rejectAll(cause: Error): void;
}

/** `onIdle` is called whenever the last call has been settled. */
export function createPendingCalls(timeoutMs: number, onIdle: () => void): PendingCalls {
  const pending = new Map<number, PendingCall>();
  let lastId = 0;

  function settle(id: number, how: (call: PendingCall) => void): void {
    const call = pending.get(id);
    if (call === undefined) return;
    pending.delete(id);
    if (pending.size === 0) onIdle();
    how(call);
  }
  const reject = (id: number, cause: Error) => settle(id, (call) => call.reject(storeFault(cause)));

  return {
    count: () => pending.size,
    add() {
      lastId += 1;
      const id = lastId;
      const { promise, ...call } = Promise.withResolvers<unknown>();
      pending.set(id, call);
      const timer = setTimeout(() => reject(id, new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      return { id, answer: promise.finally(() => clearTimeout(timer)) };
    },
    settle,
    rejectAll(cause) {
      for (const id of [...pending.keys()]) reject(id, cause);
    },
  };
}
