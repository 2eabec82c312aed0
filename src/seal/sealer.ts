/** Seals small payloads into texts that only this service, and the other instances of it, can open. */
export interface Sealer {
  /**
   * The payload as URL-safe text, unreadable and unforgeable, that opens with the same `context` only. The same
   * payload and context make the same text for as long as the first key stays the same.
   */
  seal(payload: Uint8Array, context: string): string;
  /** The payload, or undefined for any text that was not sealed here, with one of the keys, for this context. */
  open(sealed: string, context: string): Uint8Array | undefined;
}
