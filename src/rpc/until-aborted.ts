/** The messages until the signal aborts. A shutdown must not wait for a caller that keeps its side open and is silent. */
export async function* untilAborted<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  let stop = () => {};
  const onAbort = () => stop();
  // Not a race with one promise of the abort: that would keep every message for as long as the stream is open.
  const nextOrAbort = () =>
    new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
      stop = () => resolve(undefined);
      if (signal.aborted) stop();
      iterator.next().then(resolve, reject);
    });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const result = await nextOrAbort();
      if (result === undefined || result.done) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: it would queue behind the `next` that is still waiting.
    iterator.return?.().catch(() => {});
  }
}
