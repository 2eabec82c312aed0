import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Settings } from '../config/settings.ts';
import { type ApiKey, SCOPES } from '../keys/api-key.ts';
import { shownStatus } from '../keys/shown-status.ts';
import { checkToken, digestFromToken } from '../keys/token.ts';
import { type KeyRooms, openKeyRooms } from '../open-keys.ts';

/**
 * Has a key that may do everything in the file, and keeps the one of earlier starts for as long as it works. Comes before
 * the service, which would make an administrator of its own for an empty store.
 */
export async function ensureDevKey(settings: Settings, keyFile: string): Promise<void> {
  await using rooms = await openKeyRooms(settings);
  const kept = (await readFile(keyFile, 'utf8').catch(() => '')).trim();
  if (isGood(await keyFrom(kept, rooms), Date.now())) return;
  const { token } = await rooms
    .manage()
    .create(
      { name: 'presignd dev', environment: 'test', scopes: SCOPES, expiresAtMs: null },
      { principal: undefined, actor: 'dev', address: '', requestId: '' },
    );
  // Made anew: a file that is there keeps the permissions that it has.
  await rm(keyFile, { force: true });
  await writeFile(keyFile, `${token}\n`, { mode: 0o600, flag: 'wx' });
}

async function keyFrom(token: string, { store, peppers }: KeyRooms): Promise<ApiKey | undefined> {
  if (checkToken(token, peppers) !== 'genuine') return undefined;
  return store.findByDigest(digestFromToken(token));
}

/** Works, and may do all that can be tried out. */
function isGood(key: ApiKey | undefined, nowMs: number): boolean {
  return (
    key !== undefined &&
    shownStatus(key, nowMs) === 'active' &&
    SCOPES.every((scope) => key.scopes.includes(scope))
  );
}
