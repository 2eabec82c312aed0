/** Calls back once, after the delay, unless the function that it returns is called first. */
type Schedule = (delayMs: number, callback: () => void) => () => void;

export interface TurnLimits {
  /** Turns that are taken at once. */
  readonly concurrent: number;
  /** Callers that wait for one. */
  readonly queueLength: number;
  /** How long each of them waits. */
  readonly queueWaitMs: number;
}

/** `full`: as many as may wait are waiting. `late`: there was no turn within the time. */
export type NoTurn = 'full' | 'late';

/** So many at once, so many waiting, so long. Who comes first is served first, and who comes too late is sent away. */
export interface Turns {
  /**
   * Undefined when it is the caller's turn at once, else a promise of it. Whoever got a turn must `leave`. Throws or
   * rejects when there is none.
   */
  take(): Promise<void> | undefined;
  leave(): void;
  /** Whether the next caller would be sent away at once. */
  isFull(): boolean;
  running(): number;
  waiting(): number;
}

interface Waiter {
  readonly enter: () => void;
}

/** `refusal` makes the error for who gets no turn. */
export function createTurns(limits: TurnLimits, schedule: Schedule, refusal: (why: NoTurn) => Error): Turns {
  const { concurrent, queueLength, queueWaitMs } = limits;
  const queue = new Set<Waiter>();
  let running = 0;

  const isFull = () => running >= concurrent && queue.size >= queueLength;

  function wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = schedule(queueWaitMs, () => {
        queue.delete(waiter);
        reject(refusal('late'));
      });
      const waiter: Waiter = {
        enter() {
          cancel();
          queue.delete(waiter);
          resolve();
        },
      };
      queue.add(waiter);
    });
  }

  return {
    take() {
      if (running < concurrent) {
        running++;
        return undefined;
      }
      if (isFull()) throw refusal('full');
      return wait();
    },
    leave() {
      const [next] = queue;
      // A turn is handed on, so `running` only sinks when nobody waits.
      if (next === undefined) running--;
      else next.enter();
    },
    isFull,
    running: () => running,
    waiting: () => queue.size,
  };
}
