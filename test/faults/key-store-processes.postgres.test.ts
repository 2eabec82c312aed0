import { expect } from 'vitest';
import { describeWith } from '../support/available.ts';
import { makePostgresPlace } from '../support/postgres-place.ts';
import { describeKeyStoreProcesses } from './key-store-processes.suite.ts';

const OTHERS =
  'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';

describeWith('postgresUrl', 'Postgres', (url) => {
  describeKeyStoreProcesses('Postgres', async () => {
    const place = await makePostgresPlace(url);
    return {
      ...place,
      async open() {
        // The server finishes the statement that it was at when a process was killed.
        await expect.poll(() => place.query(OTHERS), { timeout: 10_000 }).toEqual([]);
        return place.open();
      },
    };
  });
});
