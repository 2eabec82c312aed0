/** Bytes that the ledger has been asked for and has not answered yet. */
export interface BytesUnderWay {
  of(keyId: string): number;
  /** Counts the bytes until the work is done, however it ends. */
  during<T>(keyId: string, bytes: number, work: () => Promise<T>): Promise<T>;
}

export function createBytesUnderWay(): BytesUnderWay {
  const asked = new Map<string, number>();
  const of = (keyId: string) => asked.get(keyId) ?? 0;

  function add(keyId: string, bytes: number): void {
    const sum = of(keyId) + bytes;
    if (sum === 0) asked.delete(keyId);
    else asked.set(keyId, sum);
  }

  return {
    of,
    async during(keyId, bytes, work) {
      add(keyId, bytes);
      try {
        return await work();
      } finally {
        add(keyId, -bytes);
      }
    },
  };
}
