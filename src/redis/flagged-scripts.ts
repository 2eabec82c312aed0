/** What makes a full Redis run a script: a few bytes that expire, without which less would be counted. */
export const ALLOW_WHEN_FULL = '#!lua flags=allow-oom';

/**
 * Runs the script with flags, and the same without them from then on when Redis does not know any. What is full then
 * refuses to count, as it refuses everything else.
 */
export type RunFlagged = <T>(withFlags: () => Promise<T>, without: () => Promise<T>) => Promise<T>;

/** For one connection. A Redis before 7 does not know flags. */
export function createFlaggedRunner(): RunFlagged {
  let knowsFlags = true;
  return async (withFlags, without) => {
    if (!knowsFlags) return without();
    try {
      return await withFlags();
    } catch (error) {
      if (!isUnknownSyntax(error)) throw error;
      knowsFlags = false;
      return without();
    }
  };
}

function isUnknownSyntax(error: unknown): boolean {
  return error instanceof Error && /error compiling script/i.test(error.message);
}
