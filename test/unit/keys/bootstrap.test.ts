import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SCOPES } from '../../../src/keys/api-key.ts';
import { checkToken, digestFromToken, mintToken } from '../../../src/keys/token.ts';
import { faultOf } from '../../support/faults.ts';
import { OPERATOR, OTHER_PEPPER, PEPPER } from '../../support/key-fixtures.ts';
import { INPUT, openKeysRoom } from './keys-room.ts';

const ALL = { nowMs: 0, offset: 0, limit: 10 };

describe('bootstrapping an empty store', () => {
  it('makes an administrator of the default owner, who may do everything', async () => {
    const { keys, store } = openKeysRoom();
    const made = await keys.bootstrap();
    expect(made?.key).toMatchObject({
      name: 'bootstrap',
      owner: 'default',
      environment: 'live',
      scopes: SCOPES,
      status: 'active',
      policy: null,
      rateLimit: null,
      expiresAtMs: null,
    });
    expect(checkToken(made?.token ?? '', [PEPPER])).toBe('genuine');
    expect((await store.list(ALL)).keys).toEqual([made?.key]);
    expect(await store.audit({ limit: 10 })).toMatchObject([{ action: 'create', actor: 'bootstrap' }]);
  });

  it('takes a key that was minted before, and makes it usable at once', async () => {
    const { keys, lookup } = openKeysRoom({ peppers: [OTHER_PEPPER, PEPPER] });
    const token = mintToken('test', PEPPER, randomBytes);
    expect(await lookup.find(digestFromToken(token))).toBeUndefined();
    const made = await keys.bootstrap(token);
    expect(made).toMatchObject({ token, key: { environment: 'test', digest: digestFromToken(token) } });
    expect(await lookup.find(digestFromToken(token))).toMatchObject({ id: made?.key.id });
  });

  it.each([
    ['another pepper', mintToken('live', OTHER_PEPPER, randomBytes)],
    ['no API key', 'change-me'],
    ['no API key', ''],
  ])('refuses a key that could never be accepted, of %s, without repeating it', async (why, token) => {
    const { keys, store } = openKeysRoom();
    const error = await keys.bootstrap(token).catch((cause: unknown) => cause);
    const message = error instanceof Error ? error.message : '';
    expect(message).toContain(why);
    expect(message).toContain('presignd keys mint');
    if (token !== '') expect(message).not.toContain(token);
    expect((await store.list(ALL)).total).toBe(0);
  });

  it('happens once, however many start at the same moment', async () => {
    const { keys, store } = openKeysRoom();
    const made = await Promise.all(Array.from({ length: 10 }, () => keys.bootstrap()));
    expect(made.filter((each) => each !== undefined)).toHaveLength(1);
    expect((await store.list(ALL)).total).toBe(1);
  });

  it('fails when the store does not answer', async () => {
    const { keys, store } = openKeysRoom();
    store.weather.down = true;
    expect((await faultOf(() => keys.bootstrap())).reason).toBe('STORE_UNAVAILABLE');
  });
});

describe('bootstrapping a store with keys', () => {
  /** Security property: a setting that outlived its purpose must not become a way in. */
  it('does nothing, be the only key revoked and the given one genuine', async () => {
    const { keys, store } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    await keys.revoke(key.id, undefined, OPERATOR);
    expect(await keys.bootstrap(mintToken('live', PEPPER, randomBytes))).toBeUndefined();
    expect((await store.list(ALL)).total).toBe(1);
  });

  it('does not look at the given key, whose pepper may be gone by now', async () => {
    const { keys } = openKeysRoom();
    await keys.create(INPUT, OPERATOR);
    expect(await keys.bootstrap(mintToken('live', OTHER_PEPPER, randomBytes))).toBeUndefined();
  });
});
