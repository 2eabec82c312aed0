import { describe, expect, it } from 'vitest';
import type { ApiKey } from '../../../src/keys/api-key.ts';
import { faultOf } from '../../support/faults.ts';
import { callerWith, OPERATOR } from '../../support/key-fixtures.ts';
import { INPUT, openKeysRoom } from './keys-room.ts';

const MINE = { ...INPUT, owner: undefined };

/** A key as the log shows it. */
function logged({ digest: _, lastUsedAtMs: __, ...shown }: ApiKey) {
  return shown;
}

describe('the audit log', () => {
  it('says of every change who made it, from where, and what the key was before and after', async () => {
    const { keys, clock } = openKeysRoom();
    const caller = callerWith();
    const { key } = await keys.create(MINE, caller);
    await clock.advance(1_000);
    const updated = (await keys.update(key.id, { name: 'renamed' }, caller)).key;
    await clock.advance(1_000);
    const rotated = await keys.rotate(key.id, undefined, caller);
    await clock.advance(1_000);
    const revoked = (await keys.revoke(key.id, 'leaked', OPERATOR)).key;

    const from = { actor: 'key_caller', address: '192.0.2.7', requestId: 'req_1' };
    const common = { owner: 'acme', keyId: key.id, ...from };
    const [first, second, third, fourth] = [key, updated, rotated.replaced, revoked].map(logged);
    const startMs = key.createdAtMs;
    expect(await keys.audit({ limit: 10 }, OPERATOR)).toEqual([
      {
        ...common,
        seq: 4,
        action: 'revoke',
        actor: 'cli',
        address: '',
        requestId: '',
        atMs: startMs + 3_000,
        before: third,
        after: fourth,
      },
      { ...common, seq: 3, action: 'rotate', atMs: startMs + 2_000, before: second, after: third },
      { ...common, seq: 2, action: 'update', atMs: startMs + 1_000, before: first, after: second },
      { ...common, seq: 1, action: 'create', atMs: startMs, before: null, after: first },
    ]);
    expect(third?.rotatedTo).toBe(rotated.key.id);
  });

  /** Security property: the log is read by people who must not be able to become anybody. */
  it('holds neither a secret nor a digest', async () => {
    const { keys } = openKeysRoom();
    const { key, token } = await keys.create(INPUT, OPERATOR);
    const next = await keys.rotate(key.id, 0, OPERATOR);
    const text = JSON.stringify(await keys.audit({ limit: 10 }, OPERATOR));
    for (const secret of [token, next.token]) expect(text).not.toContain(secret.slice(14, -4));
    for (const { digest } of [key, next.key]) expect(text).not.toContain(digest);
  });

  it('says nothing of what was refused', async () => {
    const { keys } = openKeysRoom();
    await faultOf(() => keys.create({ ...INPUT, name: '' }, OPERATOR));
    await faultOf(() => keys.create(MINE, callerWith({ scopes: [] })));
    await faultOf(() => keys.revoke('key_nobody', undefined, OPERATOR));
    expect(await keys.audit({ limit: 10 }, OPERATOR)).toEqual([]);
  });

  it('is read in pages, by key and by owner', async () => {
    const { keys } = openKeysRoom();
    const made = [];
    for (const owner of ['acme', 'umbrella', 'acme'])
      made.push((await keys.create({ ...INPUT, owner }, OPERATOR)).key);
    const seqs = async (input: object, caller = OPERATOR) =>
      (await keys.audit({ limit: 10, ...input }, caller)).map(({ seq }) => seq);
    expect(await seqs({ limit: 2 })).toEqual([3, 2]);
    expect(await seqs({ beforeSeq: 2 })).toEqual([1]);
    expect(await seqs({ keyId: made[1]?.id })).toEqual([2]);
    expect(await seqs({ owner: 'acme' })).toEqual([3, 1]);
    expect(await seqs({}, callerWith({ owner: 'umbrella' }))).toEqual([2]);
    expect(await seqs({ keyId: 'a\0b' })).toEqual([]);
  });

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 1_001 }],
    ['before', { limit: 1, beforeSeq: 0 }],
    ['owner', { limit: 1, owner: '/' }],
  ])('refuses a bad %s: %j', async (field, input) => {
    const fault = await faultOf(() => openKeysRoom().keys.audit(input, OPERATOR));
    expect(fault).toMatchObject({ reason: 'INVALID_REQUEST', fields: [{ field }] });
  });
});
