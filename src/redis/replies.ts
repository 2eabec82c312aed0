import { ReplyError } from 'ioredis';
import { errorFromRedis } from './client.ts';

/** Rejects with what went wrong, and never with the command. */
export async function rejectingSafely<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw errorFromRedis(error);
  }
}

/** The value of one reply, where a value that is no string counts as one that is not ours. Throws other errors. */
export function replyValue([error, value]: [error: Error | null, value: unknown]): unknown {
  if (error === null) return value;
  if (error instanceof ReplyError && error.message.startsWith('WRONGTYPE')) return undefined;
  throw error;
}
