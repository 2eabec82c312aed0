import { expect, it } from 'vitest';
import { openKeyStore } from '../../../src/store/open-store.ts';

it.each([
  ['postgres://user:hunter2@db/keys', 'Postgres database, which this build does not support'],
  ['postgresql://user:hunter2@db/keys', 'Postgres database, which this build does not support'],
  ['mysql://user:hunter2@db/keys', 'scheme "mysql"'],
  ['hunter2/keys.db', 'has no scheme'],
  ['', 'has no scheme'],
  ['sqlite:', 'no path'],
  ['sqlite::memory:', 'in memory'],
])('refuses %j and says what to do, without repeating the URL', async (url, message) => {
  const refusal = await openKeyStore(url).catch((error: unknown) => String(error));
  expect(refusal).toContain(message);
  expect(refusal).not.toContain('hunter2');
});
