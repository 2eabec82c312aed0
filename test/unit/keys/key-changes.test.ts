import { describe, expect, it } from 'vitest';
import type { ApiKey, Principal } from '../../../src/keys/api-key.ts';
import type { UpdateKeyInput } from '../../../src/keys/key-input.ts';
import { checkToken, digestFromToken } from '../../../src/keys/token.ts';
import { faultOf } from '../../support/faults.ts';
import { commitWell, insertKeys, updateChange } from '../../support/key-changes.ts';
import { callerWith, OPERATOR, PEPPER } from '../../support/key-fixtures.ts';
import { storedKey } from '../../support/stored-key.ts';
import { openKeysRoom } from './keys-room.ts';

const HOUR_MS = 3_600_000;
const KEY_ID = 'key_subject';

async function setUp(overrides: Partial<ApiKey> = {}) {
  const room = openKeysRoom();
  const key = storedKey('subject', { createdAtMs: room.clock.wallMs(), ...overrides });
  await insertKeys(room.store, key);
  const stored = async () => (await room.store.findById(KEY_ID)) ?? expect.fail('the key is gone');
  return { ...room, key, stored };
}

describe('updating a key', () => {
  it('changes what is named and leaves the rest', async () => {
    const { keys, key, stored } = await setUp({ policy: { maxSizeBytes: 1 }, rateLimit: { plan: 'free' } });
    const expected = { ...key, name: 'renamed', policy: { extensions: ['png'] }, version: 2 };
    expect(
      await keys.update(KEY_ID, { name: 'renamed', policy: { extensions: ['.PNG'] } }, OPERATOR),
    ).toEqual({
      key: expected,
      propagation: 'pushed',
    });
    expect(await stored()).toEqual(expected);
    const lifted = await keys.update(KEY_ID, { policy: {}, rateLimit: {}, scopes: ['keys:read'] }, OPERATOR);
    expect(lifted.key).toEqual({
      ...expected,
      policy: null,
      rateLimit: null,
      scopes: ['keys:read'],
      version: 3,
    });
  });

  it('takes effect everywhere when it is answered as pushed', async () => {
    const { keys, key, lookup, makeLookup } = await setUp();
    const other = makeLookup();
    for (const instance of [lookup, other]) await instance.find(key.digest);
    for (const [update, seen] of [
      [{ disabled: true }, { status: 'disabled' }],
      [{ disabled: false }, { status: 'active' }],
      [{ scopes: ['keys:read'] }, { scopes: ['keys:read'] }],
      [{ policy: { maxSizeBytes: 1 } }, { policy: { maxSizeBytes: 1 } }],
    ] satisfies [UpdateKeyInput, object][]) {
      expect(await keys.update(KEY_ID, update, OPERATOR)).toMatchObject({ propagation: 'pushed' });
      for (const instance of [lookup, other, makeLookup()])
        expect(await instance.find(key.digest)).toMatchObject(seen);
    }
  });

  /** A record that lets a key through must not live longer for having been announced than for having been read. */
  it('announces a key that works for no longer than a record lives', async () => {
    const { keys, key, store, clock, makeLookup } = await setUp();
    store.weather.answering = () => new Promise((done) => void clock.schedule(10_000, done));
    const updating = keys.update(KEY_ID, { scopes: ['keys:read'] }, OPERATOR);
    await clock.advance(20_000);
    await updating;
    store.weather.answering = () => Promise.resolve();
    await clock.advance(39_999);
    expect(await makeLookup().find(key.digest)).toMatchObject({ scopes: ['keys:read'] });
    expect(store.reads()).toBe(0);
    await clock.advance(1);
    expect(await makeLookup().find(key.digest)).toMatchObject({ scopes: ['keys:read'] });
    expect(store.reads()).toBe(1);
  });

  it('makes no version of what changes nothing, and tells all the same', async () => {
    const { keys, key, stored, store, server } = await setUp({ policy: { maxSizeBytes: 1 } });
    const calls = server.calls();
    for (const update of [{}, { name: key.name }, { policy: { maxSizeBytes: 1 } }, { disabled: false }])
      expect(await keys.update(KEY_ID, update, OPERATOR)).toEqual({ key, propagation: 'pushed' });
    expect(await stored()).toEqual(key);
    expect(await store.audit({ limit: 10 })).toHaveLength(1);
    expect(server.calls()).toBe(calls + 4);
  });

  it('refuses a revoked key', async () => {
    const { keys, key, stored } = await setUp({ status: 'revoked', revokedAtMs: 1 });
    for (const update of [{ name: 'x' }, { disabled: false }, {}]) {
      const fault = await faultOf(() => keys.update(KEY_ID, update, OPERATOR));
      expect(fault).toMatchObject({
        reason: 'API_KEY_NOT_ACTIVE',
        publicMessage: expect.stringContaining('revoked'),
      });
    }
    expect(await stored()).toEqual(key);
  });

  it('refuses bad input before it looks for the key', async () => {
    const { keys } = await setUp();
    const fault = await faultOf(() => keys.update('key_nobody', { name: '', scopes: ['x'] }, OPERATOR));
    expect(fault.fields.map(({ field }) => field)).toEqual(['name', 'scopes']);
  });
});

describe('rotating a key', () => {
  it('makes a key of the same kind with a secret of its own, and ends the old one with the overlap', async () => {
    const own = {
      environment: 'test',
      policy: { maxSizeBytes: 1 },
      rateLimit: { plan: 'free' },
      scopes: ['uploads:read'],
      lastUsedAtMs: 5,
      version: 4,
    } as const;
    const { keys, key, clock, store } = await setUp(own);
    const { key: next, token, replaced, propagation } = await keys.rotate(KEY_ID, undefined, OPERATOR);
    const overlapEndsAtMs = clock.wallMs() + 24 * HOUR_MS;
    expect(checkToken(token, [PEPPER])).toBe('genuine');
    expect(token).toMatch(/^pse_test_/);
    expect(next).toEqual({
      ...key,
      id: expect.stringMatching(/^key_[0-9A-Za-z]{22}$/),
      digest: digestFromToken(token),
      start: token.slice(0, 14),
      end: token.slice(-4),
      version: 1,
      createdAtMs: clock.wallMs(),
      lastUsedAtMs: null,
      rotatedFrom: key.id,
      overlapEndsAtMs,
    });
    expect(next.id).not.toBe(key.id);
    expect(replaced).toEqual({
      ...key,
      version: 5,
      expiresAtMs: overlapEndsAtMs,
      rotatedTo: next.id,
      overlapEndsAtMs,
    });
    expect(propagation).toBe('pushed');
    expect(await store.findById(next.id)).toEqual(next);
    expect(await store.findById(key.id)).toEqual(replaced);
  });

  it('leaves the replacement the end that the key had, and never gives the old one a later end', async () => {
    const { clock } = openKeysRoom();
    const expiresAtMs = clock.wallMs() + HOUR_MS;
    const { keys } = await setUp({ expiresAtMs });
    const { key, replaced } = await keys.rotate(KEY_ID, 2 * HOUR_MS, OPERATOR);
    expect(key).toMatchObject({ expiresAtMs, overlapEndsAtMs: expiresAtMs });
    expect(replaced).toMatchObject({ expiresAtMs, overlapEndsAtMs: expiresAtMs });
    const later = await (await setUp({ expiresAtMs })).keys.rotate(KEY_ID, HOUR_MS / 2, OPERATOR);
    expect(later.key.expiresAtMs).toBe(expiresAtMs);
    expect(later.replaced.expiresAtMs).toBe(clock.wallMs() + HOUR_MS / 2);
  });

  it('without an overlap revokes the old one at once, everywhere', async () => {
    const { keys, key, clock, lookup, makeLookup } = await setUp();
    const other = makeLookup();
    for (const instance of [lookup, other]) await instance.find(key.digest);
    const { key: next, replaced } = await keys.rotate(KEY_ID, 0, OPERATOR);
    expect(replaced).toMatchObject({
      status: 'revoked',
      revokedAtMs: clock.wallMs(),
      revokeReason: 'rotated',
      expiresAtMs: null,
      overlapEndsAtMs: clock.wallMs(),
      rotatedTo: next.id,
      version: 2,
    });
    for (const instance of [lookup, other, makeLookup()]) {
      expect(await instance.find(key.digest)).toMatchObject({ status: 'revoked' });
      expect(await instance.find(next.digest)).toMatchObject({ status: 'active' });
    }
  });

  it('gives every instance the end of the old one', async () => {
    const { keys, key, clock, lookup, makeLookup } = await setUp();
    const other = makeLookup();
    for (const instance of [lookup, other]) await instance.find(key.digest);
    await keys.rotate(KEY_ID, HOUR_MS, OPERATOR);
    for (const instance of [lookup, other])
      expect(await instance.find(key.digest)).toMatchObject({ expiresAtMs: clock.wallMs() + HOUR_MS });
  });

  it('makes a chain, each of which names its neighbours', async () => {
    const { keys } = await setUp();
    const second = (await keys.rotate(KEY_ID, HOUR_MS, OPERATOR)).key;
    const third = (await keys.rotate(second.id, HOUR_MS, OPERATOR)).key;
    expect(await keys.get(second.id, OPERATOR)).toMatchObject({ rotatedFrom: KEY_ID, rotatedTo: third.id });
    expect(third).toMatchObject({ rotatedFrom: second.id, rotatedTo: null, expiresAtMs: null });
  });

  it.each([
    ['revoked', { status: 'revoked', revokedAtMs: 1 }],
    ['disabled', { status: 'disabled' }],
    ['expired', { expiresAtMs: 1 }],
    ['to key_next', { rotatedTo: 'key_next' }],
  ] satisfies [string, Partial<ApiKey>][])(
    'refuses one that is not active, and says why: %s',
    async (why, is) => {
      const { keys, stored, key } = await setUp(is);
      const fault = await faultOf(() => keys.rotate(KEY_ID, undefined, OPERATOR));
      expect(fault.reason).toBe('API_KEY_NOT_ACTIVE');
      expect(fault.publicMessage).toContain(why);
      expect(await stored()).toEqual(key);
    },
  );

  it.each([-1, 30 * 24 * HOUR_MS + 1, 0.5, Number.NaN])('refuses an overlap of %s ms', async (overlapMs) => {
    const { keys } = await setUp();
    const fault = await faultOf(() => keys.rotate(KEY_ID, overlapMs, OPERATOR));
    expect(fault).toMatchObject({ reason: 'INVALID_REQUEST', fields: [{ field: 'overlap' }] });
  });

  it('keeps the secret out of everything that is stored', async () => {
    const { keys, store } = await setUp();
    const { token, key } = await keys.rotate(KEY_ID, 0, OPERATOR);
    const kept = [await store.findById(key.id), await store.audit({ limit: 10 }), await store.events(0, 10)];
    expect(JSON.stringify(kept)).not.toContain(token.slice(14, -4));
  });
});

describe('a key of another owner', () => {
  /** Security property (OWASP API1): an id from elsewhere is worth nothing, and not even known to be one. */
  it('is answered like one that does not exist, and stays as it is', async () => {
    const { keys, key, stored } = await setUp({ owner: 'umbrella' });
    const caller = callerWith();
    const answers = new Set<string>();
    for (const id of [KEY_ID, 'key_nobody', '', 'a\0b', '../x', 'x'.repeat(5_000)]) {
      for (const call of [
        () => keys.get(id, caller),
        () => keys.update(id, { name: 'mine' }, caller),
        () => keys.revoke(id, undefined, caller),
        () => keys.rotate(id, 0, caller),
      ]) {
        const { reason, publicMessage, fields } = await faultOf(call);
        answers.add(JSON.stringify({ reason, publicMessage, fields }));
      }
    }
    expect([...answers].map((answer) => JSON.parse(answer))).toEqual([
      { reason: 'API_KEY_NOT_FOUND', publicMessage: 'There is no such API key', fields: [] },
    ]);
    expect(await stored()).toEqual(key);
  });

  it('is neither listed nor in the audit log, whatever is asked for', async () => {
    const { keys } = await setUp({ owner: 'umbrella' });
    const caller = callerWith();
    const page = { offset: 0, limit: 10 };
    for (const owner of [undefined, 'umbrella', 'acme']) {
      expect(await keys.list({ ...page, owner }, caller)).toEqual({ keys: [], total: 0 });
      expect(await keys.audit({ limit: 10, owner }, caller)).toEqual([]);
      expect(await keys.audit({ limit: 10, owner, keyId: KEY_ID }, caller)).toEqual([]);
    }
    expect(await keys.list(page, OPERATOR)).toMatchObject({ total: 1 });
    expect(await keys.audit({ limit: 10 }, OPERATOR)).toHaveLength(1);
  });

  it('cannot be made', async () => {
    const { keys, store } = await setUp();
    const input = { name: 'x', environment: 'live', expiresAtMs: null, owner: 'umbrella' } as const;
    const fault = await faultOf(() => keys.create(input, callerWith()));
    expect(fault).toMatchObject({ reason: 'INVALID_REQUEST', fields: [{ field: 'owner' }] });
    expect((await store.list({ nowMs: 0, offset: 0, limit: 10 })).total).toBe(1);
    expect((await keys.create({ ...input, owner: 'acme' }, callerWith())).key.owner).toBe('acme');
  });
});

describe('a caller that may do less than a key', () => {
  const LIMITED: Partial<Principal> = {
    scopes: ['keys:write', 'uploads:create'],
    policy: { contentTypes: ['image/*'], maxSizeBytes: 10 },
    rateLimit: { requests: 10, windowSeconds: 60 },
  };
  const BEYOND = ['policy.content_types', 'policy.max_size', 'rate_limit'];

  async function beyond(call: () => unknown): Promise<string[]> {
    const fault = await faultOf(call);
    expect(fault.reason).toBe('BEYOND_CALLER');
    return fault.fields.map(({ field }) => field);
  }

  it('cannot make one, and is told of everything that it does not have', async () => {
    const { keys, store } = await setUp();
    const input = { name: 'x', environment: 'live', expiresAtMs: null } as const;
    const caller = callerWith(LIMITED);
    expect(await beyond(() => keys.create({ ...input, policy: {}, rateLimit: {} }, caller))).toEqual(BEYOND);
    expect(await beyond(() => keys.create({ ...input, scopes: ['keys:read'] }, caller))).toEqual(['scopes']);
    expect(
      await beyond(() =>
        keys.create({ ...input, policy: { contentTypes: ['image/png'], maxSizeBytes: 11 } }, caller),
      ),
    ).toEqual(['policy.max_size']);
    expect((await store.list({ nowMs: 0, offset: 0, limit: 10 })).total).toBe(1);
  });

  it('cannot make one that uploads when it may only look after keys', async () => {
    const { keys } = await setUp();
    const input = { name: 'x', environment: 'live', expiresAtMs: null } as const;
    expect(await beyond(() => keys.create(input, callerWith({ scopes: ['keys:write'] })))).toEqual([
      'scopes',
    ]);
  });

  it('cannot get its secret by rotating it', async () => {
    const { keys, key, stored } = await setUp();
    expect(await beyond(() => keys.rotate(KEY_ID, 0, callerWith(LIMITED)))).toEqual(BEYOND);
    expect(await stored()).toEqual(key);
  });

  it('cannot widen, narrow or enable it while it stays wider than the caller', async () => {
    const { keys, key, stored } = await setUp({ status: 'disabled' });
    const caller = callerWith(LIMITED);
    for (const update of [
      { disabled: false },
      { scopes: ['uploads:create', 'keys:write'] },
      { scopes: ['uploads:create', 'keys:write'], disabled: true },
    ])
      expect(await beyond(() => keys.update(KEY_ID, update, caller))).toEqual(BEYOND);
    expect(await stored()).toEqual(key);
  });

  it('may enable what it narrows to its own measure', async () => {
    const { keys } = await setUp({ status: 'disabled' });
    const { policy, rateLimit } = callerWith(LIMITED).principal;
    const update = { disabled: false, policy: policy ?? {}, rateLimit: rateLimit ?? {} };
    expect((await keys.update(KEY_ID, update, callerWith(LIMITED))).key.status).toBe('active');
  });

  /** Whoever notices a leak must be able to stop it. */
  it('may rename, disable and revoke it', async () => {
    const { keys } = await setUp();
    const caller = callerWith(LIMITED);
    expect((await keys.update(KEY_ID, { name: 'old' }, caller)).key.name).toBe('old');
    expect((await keys.update(KEY_ID, { disabled: true }, caller)).key.status).toBe('disabled');
    expect((await keys.update(KEY_ID, { name: 'older', disabled: true }, caller)).key.name).toBe('older');
    expect((await keys.revoke(KEY_ID, undefined, caller)).key.status).toBe('revoked');
  });

  it('may do with its own kind what it likes', async () => {
    const { principal } = callerWith(LIMITED);
    const { keys } = await setUp({ policy: principal.policy, rateLimit: principal.rateLimit });
    expect((await keys.rotate(KEY_ID, 0, callerWith(LIMITED))).key).toMatchObject({
      policy: principal.policy,
      rateLimit: principal.rateLimit,
    });
  });
});

describe('several changes at once', () => {
  it('all take place, one after the other', async () => {
    const { keys, stored } = await setUp();
    await Promise.all([
      keys.update(KEY_ID, { name: 'renamed' }, OPERATOR),
      keys.update(KEY_ID, { policy: { maxSizeBytes: 1 } }, OPERATOR),
      keys.update(KEY_ID, { disabled: true }, OPERATOR),
      keys.update(KEY_ID, { scopes: ['keys:read'] }, OPERATOR),
    ]);
    expect(await stored()).toMatchObject({
      name: 'renamed',
      policy: { maxSizeBytes: 1 },
      status: 'disabled',
      scopes: ['keys:read'],
      version: 5,
    });
  });

  it('never bring a revoked key back', async () => {
    const { keys, stored } = await setUp({ status: 'disabled' });
    const [, enabled] = await Promise.allSettled([
      keys.revoke(KEY_ID, undefined, OPERATOR),
      keys.update(KEY_ID, { disabled: false }, OPERATOR),
    ]);
    expect(enabled).toMatchObject({ status: 'rejected', reason: { reason: 'API_KEY_NOT_ACTIVE' } });
    expect((await stored()).status).toBe('revoked');
  });

  it('rotate a key once', async () => {
    const { keys, store } = await setUp();
    const results = await Promise.allSettled([1, 2, 3].map(() => keys.rotate(KEY_ID, HOUR_MS, OPERATOR)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'API_KEY_NOT_ACTIVE' });
    expect((await store.list({ nowMs: 0, offset: 0, limit: 10 })).total).toBe(2);
  });

  /** Whoever holds a leaked key that may change keys must not keep it alive by changing it without end. */
  it.each(['revoke', 'rotate'] as const)('cannot keep a key from its end by %s', async (end) => {
    const { keys, store, stored } = await setUp();
    // Commits are answered one after the other, as a store with one writer does it.
    let queue = Promise.resolve();
    store.weather.answering = () => {
      queue = queue.then(() => new Promise((resolve) => setImmediate(resolve)));
      return queue;
    };
    let isEnded = false;
    const flood = Array.from({ length: 30 }, async (_, n) => {
      for (let name = 0; !isEnded; name++)
        await keys.update(KEY_ID, { name: `${n} ${name}` }, OPERATOR).catch(() => {});
    });
    const ending =
      end === 'revoke' ? keys.revoke(KEY_ID, 'leaked', OPERATOR) : keys.rotate(KEY_ID, 0, OPERATOR);
    await expect(ending.finally(() => (isEnded = true))).resolves.toBeDefined();
    await Promise.all(flood);
    expect((await stored()).status).toBe('revoked');
  });

  it('that come from elsewhere make a revocation try again for long', async () => {
    const { keys, store, key, stored } = await setUp();
    let { version } = key;
    store.weather.answering = async () => {
      if (version < 50) store.put({ ...key, version: ++version });
    };
    await keys.revoke(KEY_ID, undefined, OPERATOR);
    expect((await stored()).status).toBe('revoked');
  });

  it('fail after five conflicts in a row, and then change nothing', async () => {
    const { keys, store, stored, server } = await setUp();
    const calls = server.calls();
    let conflicts = 0;
    let overtake = true;
    // Whoever has read the key is overtaken before the answer is there.
    store.weather.answering = async () => {
      if (!overtake) return;
      overtake = false;
      conflicts++;
      await commitWell(store, updateChange(await stored(), { name: `other ${conflicts}` }));
      overtake = true;
    };
    const fault = await faultOf(() => keys.update(KEY_ID, { name: 'mine' }, OPERATOR));
    store.weather.answering = () => Promise.resolve();
    expect(fault).toMatchObject({ reason: 'CHANGE_CONFLICT' });
    expect((await stored()).name).not.toBe('mine');
    expect(server.calls()).toBe(calls);
    expect(conflicts).toBeGreaterThanOrEqual(5);
  });
});

describe('a store that does not answer', () => {
  it('fails every change, tells nobody, and leaves the key working', async () => {
    const { keys, store, key, lookup, server, stored } = await setUp();
    await lookup.find(key.digest);
    const calls = server.calls();
    store.weather.down = true;
    for (const call of [
      () => keys.update(KEY_ID, { disabled: true }, OPERATOR),
      () => keys.revoke(KEY_ID, undefined, OPERATOR),
      () => keys.rotate(KEY_ID, 0, OPERATOR),
      () => keys.get(KEY_ID, OPERATOR),
    ])
      expect((await faultOf(call)).reason).toBe('STORE_UNAVAILABLE');
    store.weather.down = false;
    expect(server.calls()).toBe(calls);
    expect(lookup.peek(key.digest)).toMatchObject({ status: 'active' });
    expect(await stored()).toEqual(key);
  });
});
