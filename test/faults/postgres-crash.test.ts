import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeyStore } from '../../src/keys/ports.ts';
import { describeWith } from '../support/available.ts';
import { createChange } from '../support/key-changes.ts';
import { expectRecovery } from '../support/postgres-calls.ts';
import { makePostgresPlace, ownName } from '../support/postgres-place.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { storedKey } from '../support/stored-key.ts';

const ROUNDS = 10;
const WRITERS = 4;

// Only its presence matters: a server of its own is killed.
describeWith('postgresUrl', 'a Postgres that is killed', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it(`in the middle of changes keeps everything that was acknowledged, in ${ROUNDS} rounds`, async () => {
    const place = await makePostgresPlace(server.url);
    const store = await place.open();
    const acknowledged: string[] = [];
    let refused = 0;

    async function createUntilFailure(): Promise<void> {
      for (;;) {
        const key = storedKey(ownName());
        try {
          await store.commit(createChange(key));
        } catch (error) {
          expect(error).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
          refused += 1;
          return;
        }
        acknowledged.push(key.id);
      }
    }

    for (let round = 1; round <= ROUNDS; round += 1) {
      const before = acknowledged.length;
      const writers = Array.from({ length: WRITERS }, createUntilFailure);
      await expect.poll(() => acknowledged.length, { timeout: 10_000 }).toBeGreaterThan(before + 5 * round);
      await server.kill();
      await Promise.all(writers);
      await server.restart();
      await expectRecovery(store);
      const ids = await idsOf(store);
      expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    }
    process.stdout.write(
      `${ROUNDS} kills: ${acknowledged.length} acknowledged, ${refused} refused, 0 lost\n`,
    );
    await store.close();
  });
});

async function idsOf(store: KeyStore): Promise<Set<string>> {
  const { keys } = await store.list({ offset: 0, limit: 100_000, nowMs: 0 });
  return new Set(keys.map(({ id }) => id));
}
