import type { HttpRequest } from './http-handler.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** What is read of anybody. Beyond it `admit` is asked once, and nothing more is read until it answers. */
  readonly freeBytes: number;
  readonly admit: () => Promise<void>;
  /** Whether what has come shows already that the rest is too large. Left out: only its size does. */
  readonly announcesTooMuch?: (chunks: readonly Buffer[]) => boolean;
}

export interface BodyListener {
  complete(body: Buffer): void;
  /** The body grew beyond the limit, having begun like this; what still comes is thrown away. */
  tooLarge(begin: readonly Buffer[]): void;
  /** `admit` rejected with this; what still comes is thrown away. */
  refused(error: unknown): void;
}

/** Reads the whole body. Calls the listener once, or never if the caller leaves before the end. */
export function readBody(request: HttpRequest, limits: BodyLimits, listener: BodyListener): void {
  const { maxBytes, freeBytes, admit, announcesTooMuch } = limits;
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isOver = false;
  let isAdmitted = false;

  function giveUp(): void {
    isOver = true;
    chunks = [];
  }

  request.on('data', (chunk: Buffer) => {
    if (isOver) return;
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > maxBytes || announcesTooMuch?.(chunks)) {
      const begin = chunks;
      giveUp();
      return listener.tooLarge(begin);
    }
    if (bytes > freeBytes && !isAdmitted) askFirst();
  });
  request.on('end', () => {
    if (isOver) return;
    const [first] = chunks;
    listener.complete(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
  });

  function askFirst(): void {
    isAdmitted = true;
    request.pause();
    admit()
      .catch((error: unknown) => {
        giveUp();
        listener.refused(error);
      })
      .finally(() => request.resume());
  }
}
