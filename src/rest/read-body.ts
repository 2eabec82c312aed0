import type { HttpRequest } from '../rpc/http-handler.ts';

export interface BodyListener {
  complete(body: Buffer): void;
  /** The body grew beyond the limit; what still comes is thrown away. */
  tooLarge(): void;
}

/** Reads the whole body, up to `maxBytes`. Calls the listener once, or never if the caller leaves before the end. */
export function readBody(request: HttpRequest, maxBytes: number, listener: BodyListener): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    const wasWithin = bytes <= maxBytes;
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else if (wasWithin) listener.tooLarge();
  });
  request.on('end', () => {
    if (bytes > maxBytes) return;
    const [first] = chunks;
    listener.complete(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
  });
}
