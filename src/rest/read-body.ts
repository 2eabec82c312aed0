import type { HttpRequest } from '../rpc/http-handler.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** What is read of anybody. Beyond it `admit` is asked once, and nothing more is read until it answers. */
  readonly freeBytes: number;
  readonly admit: () => Promise<void>;
}

export interface BodyListener {
  complete(body: Buffer): void;
  /** The body grew beyond the limit; what still comes is thrown away. */
  tooLarge(): void;
  /** `admit` rejected with this; what still comes is thrown away. */
  refused(error: unknown): void;
}

/** Reads the whole body. Calls the listener once, or never if the caller leaves before the end. */
export function readBody(request: HttpRequest, limits: BodyLimits, listener: BodyListener): void {
  const { maxBytes, freeBytes, admit } = limits;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isOver = false;
  let isAdmitted = false;

  function giveUp(): void {
    isOver = true;
    chunks.length = 0;
  }

  request.on('data', (chunk: Buffer) => {
    if (isOver) return;
    bytes += chunk.length;
    if (bytes > maxBytes) {
      giveUp();
      return listener.tooLarge();
    }
    chunks.push(chunk);
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
