import type { PoolClient } from 'pg';
import { expect, it } from 'vitest';
import { type SharedConnectionsOptions, shareConnections } from '../../../src/store/shared-connections.ts';

/** A pool whose connections open, or fail to, when a test says so, in the order they were asked for. */
function poolAtHand(options: Partial<SharedConnectionsOptions> = {}) {
  const asked: PromiseWithResolvers<PoolClient>[] = [];
  const released: string[] = [];
  const pool = {
    totalCount: 0,
    waitingCount: 0,
    connect() {
      const opening = Promise.withResolvers<PoolClient>();
      asked.push(opening);
      return opening.promise;
    },
  };
  const client = (name: string) =>
    ({
      release: (broken?: boolean) => released.push(broken ? `${name} broken` : name),
    }) as unknown as PoolClient;
  return {
    connections: shareConnections(pool as unknown as Parameters<typeof shareConnections>[0], {
      waitMs: 60_000,
      warm: 0,
      ...options,
    }),
    pool,
    asked,
    released,
    client,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('gives a connection that comes back to whoever waits for one that still opens', async () => {
  const { connections, asked, released, client } = poolAtHand();
  const open = client('open');
  const first = connections.take();
  asked[0]?.resolve(open);
  expect(await first).toBe(open);
  const second = connections.take();
  connections.giveBack(open);
  expect(await second).toBe(open);
  asked[1]?.resolve(client('late'));
  await turn();
  expect(released).toEqual(['late']);
});

it('lets those who wait within the pool go first, which it must know of', async () => {
  const { connections, pool, asked, released, client } = poolAtHand();
  const first = connections.take();
  asked[0]?.resolve(client('open'));
  const taken = await first;
  pool.waitingCount = 1;
  const second = connections.take();
  connections.giveBack(taken);
  expect(released).toEqual(['open']);
  asked[1]?.resolve(taken);
  expect(await second).toBe(taken);
});

it('goes on opening the connection of a call that waits no longer, for the next one', async () => {
  const { connections, asked, client } = poolAtHand({ waitMs: 1 });
  await expect(connections.take()).rejects.toThrow('no connection was free within 1 ms');
  const next = connections.take();
  const open = client('open');
  asked[0]?.resolve(open);
  expect(await next).toBe(open);
});

it('fails the call whose connection cannot be opened, and nobody else', async () => {
  const { connections, asked, client } = poolAtHand();
  const first = connections.take();
  const second = connections.take();
  asked[0]?.reject(new Error('refused'));
  await expect(first).rejects.toThrow('refused');
  const open = client('open');
  asked[1]?.resolve(open);
  expect(await second).toBe(open);
});

it('never deals a connection that was thrown away', async () => {
  const { connections, asked, released, client } = poolAtHand();
  const first = connections.take();
  asked[0]?.resolve(client('broken one'));
  const second = connections.take();
  connections.throwAway(await first);
  expect(released).toEqual(['broken one broken']);
  const open = client('open');
  asked[1]?.resolve(open);
  expect(await second).toBe(open);
});

it('opens connections ahead of need, one at a time, and after a failure with the next call', async () => {
  const { connections, pool, asked, client } = poolAtHand({ warm: 2 });
  const calls = [connections.take(), connections.take()];
  expect(asked).toHaveLength(3);
  asked[1]?.reject(new Error('refused'));
  await turn();
  calls.push(connections.take());
  expect(asked).toHaveLength(5);
  pool.totalCount = 2;
  for (const [index, opening] of asked.entries()) opening.resolve(client(`${index}`));
  await Promise.all(calls);
  await turn();
  const last = connections.take();
  expect(asked).toHaveLength(6);
  asked[5]?.resolve(client('last'));
  await last;
});
