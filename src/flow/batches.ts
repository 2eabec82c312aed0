// Doing together what came together: the code of a step is still at hand in the processor when the next call needs it.

/** Has a piece of work done soon, in the order of asking. The work must not throw. */
export type Batches = (work: () => void) => void;

/** Answers leave when the whole batch has been worked on: at some 50 µs a call, none is held up for much longer than 1 ms. */
const BATCH_MAX = 32;

/**
 * Gathers work until `afterInput` calls back, which it does once all input that is there has been read. Then it is done
 * at a stretch, before anything that it promises is settled: calls go through the same steps side by side.
 */
export function createBatches(afterInput: (run: () => void) => void): Batches {
  let batch: (() => void)[] = [];

  function begin(): (() => void)[] {
    const begun: (() => void)[] = [];
    afterInput(() => {
      if (batch === begun) batch = [];
      for (const work of begun) work();
    });
    return begun;
  }

  return (work) => {
    if (batch.length === 0 || batch.length >= BATCH_MAX) batch = begin();
    batch.push(work);
  };
}
