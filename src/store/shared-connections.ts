import type { Pool, PoolClient } from 'pg';

/**
 * The connections of a pool, dealt to whoever waits longest, where the pool itself would have a call wait for the very
 * connection that it had opened. So a connection that takes longer to open than a call may wait goes on opening, for
 * later calls, and until then the open ones serve.
 */
export interface SharedConnections {
  /** Rejects when there is none in time, or none can be opened. */
  take(): Promise<PoolClient>;
  giveBack(client: PoolClient): void;
  /** Ends a connection that may be broken, or in the middle of something. */
  throwAway(client: PoolClient): void;
}

export interface SharedConnectionsOptions {
  /** How long a call waits for a connection. */
  readonly waitMs: number;
  /** Connections that are opened ahead of need, and again after a loss, whenever the pool is used. */
  readonly warm: number;
}

type Waiter = PromiseWithResolvers<PoolClient>;

export function shareConnections(
  pool: Pick<Pool, 'connect' | 'totalCount' | 'waitingCount'>,
  { waitMs, warm }: SharedConnectionsOptions,
): SharedConnections {
  const waiting = new Set<Waiter>();
  let warming = false;

  function deal(client: PoolClient): void {
    const [longest] = waiting;
    if (longest === undefined) {
      client.release();
      return;
    }
    waiting.delete(longest);
    longest.resolve(client);
  }

  /** One at a time, and not again before the next call: a server that is down is not besieged. */
  function keepWarm(): void {
    if (warming || pool.totalCount >= warm) return;
    warming = true;
    pool
      .connect()
      .then(deal, () => {})
      .finally(() => {
        warming = false;
      });
  }

  return {
    async take() {
      const waiter: Waiter = Promise.withResolvers();
      const leave = (error: unknown) => {
        if (waiting.delete(waiter)) waiter.reject(error);
      };
      waiting.add(waiter);
      pool.connect().then(deal, leave);
      keepWarm();
      const timer = setTimeout(leave, waitMs, new Error(`no connection was free within ${waitMs} ms`));
      try {
        return await waiter.promise;
      } finally {
        clearTimeout(timer);
      }
    },
    giveBack(client) {
      // Those who wait within the pool come first, and it ends a connection that has lived long enough.
      if (waiting.size > 0 && pool.waitingCount === 0) deal(client);
      else client.release();
    },
    throwAway: (client) => client.release(true),
  };
}
