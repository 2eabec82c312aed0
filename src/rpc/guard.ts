import type { Interceptor, StreamRequest, UnaryRequest } from '@connectrpc/connect';

/** Throws or rejects to end a call before it comes any further. Answers a promise only if it must wait. */
export type Check = (request: UnaryRequest | StreamRequest) => void | Promise<void>;

/**
 * An interceptor that only decides whether a call goes on. The promise that it answers is that of what follows: one of
 * its own for each of a chain's guards would cost more than most of them do.
 */
export function guard(check: Check): Interceptor {
  return (next) => (request) => {
    let checked: void | Promise<void>;
    try {
      checked = check(request);
    } catch (error) {
      return Promise.reject(error);
    }
    return checked === undefined ? next(request) : checked.then(() => next(request));
  };
}
