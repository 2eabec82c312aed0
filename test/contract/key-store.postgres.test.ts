import { describeWith } from '../support/available.ts';
import { makePostgresPlace } from '../support/postgres-place.ts';
import { describeKeyStore } from './key-store.suite.ts';

describeWith('postgresUrl', 'Postgres', (url) => {
  describeKeyStore('Postgres', () => makePostgresPlace(url));
});
