import { constants, type ServerHttp2Stream } from 'node:http2';

export interface BodyDeadlines {
  /** Resets the stream unless its body has been read to the end in time. */
  watch(stream: ServerHttp2Stream): void;
  /** For a stream that has closed. */
  forget(stream: ServerHttp2Stream): void;
}

/** One timer for all streams: a timer for each costs more than the rest of watching it. */
export function createBodyDeadlines(timeoutMs: number): BodyDeadlines {
  /** Monotonic milliseconds. All have the same time, so that they expire in the order of their entries. */
  const expireAtMs = new Map<ServerHttp2Stream, number>();
  let timer: NodeJS.Timeout | undefined;

  function sweep(): void {
    timer = undefined;
    const nowMs = performance.now();
    for (const [stream, atMs] of expireAtMs) {
      if (atMs > nowMs) {
        wakeIn(atMs - nowMs);
        return;
      }
      expireAtMs.delete(stream);
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  function wakeIn(ms: number): void {
    timer = setTimeout(sweep, Math.ceil(ms));
    // It is left to run when the last stream has closed.
    timer.unref();
  }

  return {
    watch: (stream) => {
      expireAtMs.set(stream, performance.now() + timeoutMs);
      if (timer === undefined) wakeIn(timeoutMs);
    },
    forget: (stream) => void expireAtMs.delete(stream),
  };
}
