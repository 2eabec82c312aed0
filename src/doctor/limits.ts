/** How long each question may take, in milliseconds, so that a server that hangs costs seconds and no more. */
export const PROBE_LIMITS = {
  /** A whole answer over HTTP, with names and TLS. */
  httpMs: 4_000,
  /** A call of S3's API, with its second try. */
  storageMs: 5_000,
  /** Credentials, whichever source they come from. */
  credentialsMs: 6_000,
  identityMs: 3_000,
  redisMs: 2_000,
  storeMs: 5_000,
} as const;

/** Settles as `work` does, or rejects when that takes longer. What goes on then is heard by nobody. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
