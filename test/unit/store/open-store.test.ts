import { expect, it } from 'vitest';
import { migrateStore, openKeyStore } from '../../../src/store/open-store.ts';

/** Security property: what stands in for a password here is in no message. */
it.each([
  ['mysql://user:hunter2@db/keys', 'scheme "mysql"'],
  ['hunter2/keys.db', 'has no scheme'],
  ['', 'has no scheme'],
  ['sqlite:', 'no path'],
  ['sqlite::memory:', 'in memory'],
  ['postgres://user:hunter2#@db/keys', 'Percent-encode'],
  ['postgresql://user:hunter2%@db/keys', 'Percent-encode'],
  ['postgres://user:hunter2@db:hunter2/keys', 'Percent-encode'],
  ['postgres://user:hunter2@db/keys?port=hunter2', 'a port that is not a number'],
  ['postgres://user:hunter2@db/keys?sslmode=hunter2', 'an sslmode that is not one of disable'],
  ['postgres://user:hunter2@db/keys?sslnegotiation=direct&sslmode=disable', 'requires SSL'],
  ['postgres://user:hunter2@db/keys?sslrootcert=/nowhere/ca.pem', 'no such file or directory'],
  ['postgres://user:hunter2@127.0.0.1:9/keys', 'ECONNREFUSED'],
  ['postgres://user:hunter2@localhost:9/keys', 'ECONNREFUSED'],
  ['postgres://user:hunter2@no-such-host.invalid/keys', 'no-such-host.invalid'],
])('refuses %j and says what to do, without repeating the URL', async (url, message) => {
  const options = { autoMigrate: true, poolSize: 10 };
  for (const open of [() => openKeyStore(() => url, options), () => migrateStore(() => url)]) {
    const refusal = await open().catch((error: unknown) => error);
    expect(String(refusal)).toContain(message);
    for (let error = refusal; error instanceof Error; error = error.cause) {
      expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(
        'hunter2',
      );
    }
  }
});
