import { describe, expect, it } from 'vitest';
import type { CreateKeyInput } from '../../../src/keys/key-input.ts';
import { KEY_LIMITS } from '../../../src/keys/limits.ts';
import { checkToken, digestFromToken } from '../../../src/keys/token.ts';
import { faultOf } from '../../support/faults.ts';
import { callerWith, OPERATOR, PEPPER } from '../../support/key-fixtures.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { INPUT, openKeysRoom } from './keys-room.ts';

const EVERYTHING = { nowMs: 0, offset: 0, limit: 10 };

describe('creating a key', () => {
  it('answers a genuine token whose digest, and nothing more of it, is stored', async () => {
    const { keys, store, clock } = openKeysRoom();
    const { key, token } = await keys.create(INPUT, OPERATOR);
    expect(checkToken(token, [PEPPER])).toBe('genuine');
    expect(key).toEqual({
      id: expect.stringMatching(/^key_[0-9A-Za-z]{22}$/),
      digest: digestFromToken(token),
      start: token.slice(0, 14),
      end: token.slice(-4),
      name: 'Web shop',
      owner: 'acme',
      environment: 'live',
      scopes: ['uploads:create'],
      status: 'active',
      version: 1,
      createdAtMs: clock.wallMs(),
      expiresAtMs: null,
      revokedAtMs: null,
      revokeReason: null,
      lastUsedAtMs: null,
      rotatedFrom: null,
      rotatedTo: null,
      overlapEndsAtMs: null,
      policy: null,
      rateLimit: null,
    });
    expect(await store.findByDigest(key.digest)).toEqual(key);
    expect(JSON.stringify(await keys.list({ offset: 0, limit: 10 }, OPERATOR))).not.toContain(token);
  });

  it('makes it for the default owner when none is named', async () => {
    const { keys } = openKeysRoom();
    const { owner: _, ...input } = INPUT;
    expect((await keys.create(input, OPERATOR)).key.owner).toBe('default');
  });

  it('makes it usable at once, even where its absence was just noticed', async () => {
    const { keys, lookup, makeLookup, store } = openKeysRoom();
    const other = makeLookup();
    const { key } = await keys.create(INPUT, OPERATOR);
    expect(await lookup.find(key.digest)).toMatchObject({ id: key.id });
    // A replica that lags would not know the key yet; the shared cache already does.
    store.weather.down = true;
    expect(await other.find(key.digest)).toMatchObject({ id: key.id });
  });

  it('succeeds although the shared cache does not answer', async () => {
    const { keys, server, lookup } = openKeysRoom();
    server.down = true;
    const { key } = await keys.create(INPUT, OPERATOR);
    expect(await lookup.find(key.digest)).toMatchObject({ id: key.id });
  });

  it('keeps each scope once', async () => {
    const { keys } = openKeysRoom();
    const { key } = await keys.create(
      { ...INPUT, scopes: ['keys:read', 'uploads:create', 'keys:read'] },
      OPERATOR,
    );
    expect(key.scopes).toEqual(['keys:read', 'uploads:create']);
  });

  it('lets it upload, and nothing else, when no scope is named', async () => {
    const { keys } = openKeysRoom();
    expect((await keys.create({ ...INPUT, scopes: undefined }, OPERATOR)).key.scopes).toEqual([
      'uploads:create',
    ]);
  });

  it('gives it what the calling key has where nothing else is asked for', async () => {
    const { keys } = openKeysRoom();
    const limits = { policy: { maxSizeBytes: 10 }, rateLimit: { plan: 'free' } };
    const { owner: _, ...input } = INPUT;
    expect((await keys.create(input, callerWith(limits))).key).toMatchObject({ ...limits, owner: 'acme' });
    expect((await keys.create(INPUT, OPERATOR)).key).toMatchObject({ policy: null, rateLimit: null });
  });

  it('restricts nothing by an empty policy or limit', async () => {
    const { keys } = openKeysRoom();
    const { key } = await keys.create({ ...INPUT, policy: {}, rateLimit: {} }, OPERATOR);
    expect(key).toMatchObject({ policy: null, rateLimit: null });
  });

  it.each([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(101) }],
    ['name', { name: 'line\nbreak' }],
    ['name', { name: '\ud800' }],
    ['owner', { owner: '' }],
    ['owner', { owner: 'a/b' }],
    ['owner', { owner: '..' }],
    ['owner', { owner: 'x'.repeat(101) }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: ['uploads:everything'] as never }],
    ['Idempotency-Key', { idempotencyKey: '' }],
    ['Idempotency-Key', { idempotencyKey: 'x'.repeat(256) }],
    ['Idempotency-Key', { idempotencyKey: 'two words' }],
    ['Idempotency-Key', { idempotencyKey: 'é' }],
    ['environment', { environment: 'staging' as never }],
    ['expiration_date', { expiresAtMs: createManualClock().wallMs() }],
    ['expiration_date', { expiresAtMs: Number.NaN }],
    ['expiration_date', { expiresAtMs: 1e300 }],
    // JSON has no words for it: one such key would keep its owner from listing any.
    ['expiration_date', { expiresAtMs: Date.UTC(10_000, 0) }],
  ] satisfies [string, Partial<CreateKeyInput>][])('refuses a bad %s: %j', async (field, bad) => {
    const { keys, store } = openKeysRoom();
    const fault = await faultOf(() => keys.create({ ...INPUT, ...bad }, OPERATOR));
    expect(fault.reason).toBe('INVALID_REQUEST');
    expect(fault.fields.map((violation) => violation.field)).toEqual([field]);
    expect(await store.list(EVERYTHING)).toEqual({ keys: [], total: 0 });
  });

  it('names every bad field at once, in the order of the request', async () => {
    const { keys } = openKeysRoom();
    const fault = await faultOf(() =>
      keys.create(
        {
          ...INPUT,
          scopes: [],
          name: '',
          owner: '/',
          expiresAtMs: 1,
          policy: { maxSizeBytes: -1 },
          rateLimit: { plan: 'none' },
          idempotencyKey: '',
        },
        OPERATOR,
      ),
    );
    expect(fault.fields.map(({ field }) => field)).toEqual([
      'name',
      'expiration_date',
      'owner',
      'scopes',
      'policy.max_size',
      'rate_limit.plan',
      'Idempotency-Key',
    ]);
  });

  it('takes a name of 100 characters, counted as people count them', async () => {
    const { keys } = openKeysRoom();
    expect((await keys.create({ ...INPUT, name: '😀'.repeat(100) }, OPERATOR)).key.name).toBe(
      '😀'.repeat(100),
    );
  });
});

describe('listing keys', () => {
  it('answers the newest first, a page at a time, for one owner if asked', async () => {
    const { keys, clock } = openKeysRoom();
    for (const name of ['one', 'two', 'three']) {
      await keys.create({ ...INPUT, name, owner: name === 'two' ? 'other' : 'acme' }, OPERATOR);
      await clock.advance(1);
    }
    const names = async (input: Parameters<typeof keys.list>[0]) =>
      (await keys.list(input, OPERATOR)).keys.map(({ name }) => name);
    expect(await names({ offset: 0, limit: 2 })).toEqual(['three', 'two']);
    expect(await names({ offset: 2, limit: 2 })).toEqual(['one']);
    expect(await names({ offset: 0, limit: 10, owner: 'other' })).toEqual(['two']);
  });

  it('tells an expired key from an active one by the clock', async () => {
    const { keys, clock } = openKeysRoom();
    const { key } = await keys.create({ ...INPUT, expiresAtMs: clock.wallMs() + 1_000 }, OPERATOR);
    const ids = async (status: 'active' | 'expired') =>
      (await keys.list({ offset: 0, limit: 10, status }, OPERATOR)).keys.map(({ id }) => id);
    expect([await ids('active'), await ids('expired')]).toEqual([[key.id], []]);
    await clock.advance(1_000);
    expect([await ids('active'), await ids('expired')]).toEqual([[], [key.id]]);
  });

  it.each([
    ['offset', { offset: -1, limit: 1 }],
    ['offset', { offset: 0.5, limit: 1 }],
    ['limit', { offset: 0, limit: 0 }],
    ['limit', { offset: 0, limit: 1_001 }],
    ['owner', { offset: 0, limit: 1, owner: 'a\0b' }],
  ])('refuses a bad %s: %j', async (field, input) => {
    const fault = await faultOf(() => openKeysRoom().keys.list(input, OPERATOR));
    expect(fault).toMatchObject({ reason: 'INVALID_REQUEST', fields: [{ field }] });
  });
});

describe('revoking a key', () => {
  it('is over everywhere when it is answered as pushed', async () => {
    const { keys, lookup, makeLookup } = openKeysRoom();
    const other = makeLookup();
    const { key } = await keys.create(INPUT, OPERATOR);
    await Promise.all([lookup.find(key.digest), other.find(key.digest)]);
    expect(await keys.revoke(key.id, undefined, OPERATOR)).toMatchObject({
      key: { id: key.id, status: 'revoked', version: 2 },
      propagation: 'pushed',
    });
    for (const instance of [lookup, other, makeLookup()])
      expect(await instance.find(key.digest)).toMatchObject({ status: 'revoked' });
  });

  it('keeps the reason, which the next one does not replace', async () => {
    const { keys } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    expect((await keys.revoke(key.id, 'leaked', OPERATOR)).key.revokeReason).toBe('leaked');
    expect((await keys.revoke(key.id, 'bored', OPERATOR)).key.revokeReason).toBe('leaked');
  });

  it.each(['x'.repeat(201), 'line\nbreak', '\ud800'])('refuses a bad reason: %j', async (reason) => {
    const { keys } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    const fault = await faultOf(() => keys.revoke(key.id, reason, OPERATOR));
    expect(fault).toMatchObject({ reason: 'INVALID_REQUEST', fields: [{ field: 'reason' }] });
    expect((await keys.get(key.id, OPERATOR)).status).toBe('active');
  });

  it('answers a revoked key as it is, and announces it again', async () => {
    const { keys, clock } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    const first = await keys.revoke(key.id, undefined, OPERATOR);
    await clock.advance(1_000);
    expect(await keys.revoke(key.id, undefined, OPERATOR)).toEqual(first);
  });

  it('fails when the store does not answer, and then changes nothing', async () => {
    const { keys, store, lookup } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    await lookup.find(key.digest);
    store.weather.down = true;
    expect((await faultOf(() => keys.revoke(key.id, undefined, OPERATOR))).reason).toBe('STORE_UNAVAILABLE');
    store.weather.down = false;
    expect(lookup.peek(key.digest)).toMatchObject({ status: 'active' });
    expect(await store.findById(key.id)).toEqual(key);
  });

  /** The order matters: an announcement before the commit would be refuted by the next read of the store. */
  it('tells nobody before the store has it', async () => {
    const { keys, store, server, lookup } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    const callsBefore = server.calls();
    let commit = () => {};
    store.weather.answering = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const revoking = keys.revoke(key.id, undefined, OPERATOR);
    await new Promise(setImmediate);
    expect(server.calls()).toBe(callsBefore);
    store.weather.answering = () => Promise.resolve();
    commit();
    expect(await revoking).toMatchObject({ propagation: 'pushed' });
    expect(await lookup.find(key.digest)).toMatchObject({ status: 'revoked' });
  });

  it('succeeds with a shared cache that does not answer, and tells it as soon as it does', async () => {
    const { keys, server, makeLookup, clock, lookup } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    const other = makeLookup();
    await other.find(key.digest);
    server.down = true;
    expect(await keys.revoke(key.id, undefined, OPERATOR)).toMatchObject({ propagation: 'pending' });
    expect(await lookup.find(key.digest)).toMatchObject({ status: 'revoked' });
    await clock.advance(3_500);
    expect(other.peek(key.digest)).toMatchObject({ status: 'active' });
    server.down = false;
    await clock.advance(KEY_LIMITS.announceRetryMs);
    expect(other.peek(key.digest)).toBe('unknown');
    const callsAfterSuccess = server.calls();
    await clock.advance(120_000);
    expect(server.calls()).toBe(callsAfterSuccess);
  });

  it('stops trying to tell when every cached copy has died of age', async () => {
    const { keys, server, clock } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    server.down = true;
    await keys.revoke(key.id, undefined, OPERATOR);
    await clock.advance(KEY_LIMITS.maxAgeMs);
    const calls = server.calls();
    expect(calls).toBeGreaterThan(50);
    await clock.advance(600_000);
    expect(server.calls()).toBe(calls);
  });

  it('stops trying to tell when the room is closed', async () => {
    const { keys, server, clock } = openKeysRoom();
    const { key } = await keys.create(INPUT, OPERATOR);
    server.down = true;
    await keys.revoke(key.id, undefined, OPERATOR);
    keys.close();
    const calls = server.calls();
    await clock.advance(60_000);
    expect(server.calls()).toBe(calls);
  });

  it('is pending where there is no shared cache to tell', async () => {
    const { keys, lookup } = openKeysRoom({ withShared: false });
    const { key } = await keys.create(INPUT, OPERATOR);
    await lookup.find(key.digest);
    expect(await keys.revoke(key.id, undefined, OPERATOR)).toMatchObject({ propagation: 'pending' });
    expect(await lookup.find(key.digest)).toMatchObject({ status: 'revoked' });
  });
});
