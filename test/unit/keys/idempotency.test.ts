import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CreateKeyInput } from '../../../src/keys/key-input.ts';
import { canonicalJson } from '../../../src/seal/fingerprint.ts';
import { faultOf } from '../../support/faults.ts';
import { callerWith, OPERATOR } from '../../support/key-fixtures.ts';
import { INPUT, openKeysRoom } from './keys-room.ts';

const DAY_MS = 86_400_000;
const ONCE = { ...INPUT, idempotencyKey: 'order-17' } satisfies CreateKeyInput;

describe('a creation with an Idempotency-Key', () => {
  it('happens once, and its repetition names the key and nothing of its secret', async () => {
    const { keys, store } = openKeysRoom();
    const { key, token } = await keys.create(ONCE, OPERATOR);
    const fault = await faultOf(() => keys.create(ONCE, OPERATOR));
    expect(fault.reason).toBe('IDEMPOTENCY_REPEATED');
    expect(fault.publicMessage).toContain(key.id);
    expect(fault.publicMessage).not.toContain(token.slice(14, -4));
    expect((await store.list({ nowMs: 0, offset: 0, limit: 10 })).total).toBe(1);
  });

  it('happens once however many are sent at the same moment', async () => {
    const { keys } = openKeysRoom();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => keys.create(ONCE, OPERATOR)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is the same one however it is spelled', async () => {
    const { keys } = openKeysRoom();
    const policy = { contentTypes: ['image/png'], maxSizeBytes: 1 };
    await keys.create({ ...ONCE, policy }, OPERATOR);
    for (const spelled of [
      { ...ONCE, policy: { maxSizeBytes: 1, contentTypes: ['IMAGE/PNG', 'image/png'] } },
      { ...ONCE, policy, scopes: undefined },
      { ...ONCE, policy, scopes: ['uploads:create', 'uploads:create'] },
    ])
      expect((await faultOf(() => keys.create(spelled, OPERATOR))).reason).toBe('IDEMPOTENCY_REPEATED');
  });

  /** Security property: who does not know what was asked for does not learn what it made. */
  it.each([
    { name: 'Another' },
    { expiresAtMs: 9e12 },
    { scopes: ['keys:read'] },
    { environment: 'test' },
    { policy: { maxSizeBytes: 1 } },
    { policy: {} },
    { rateLimit: { plan: 'free' } },
  ] satisfies Partial<CreateKeyInput>[])('is another one with %j, and is told of neither', async (other) => {
    const { keys } = openKeysRoom();
    const { key } = await keys.create(ONCE, OPERATOR);
    const fault = await faultOf(() => keys.create({ ...ONCE, ...other }, OPERATOR));
    expect(fault.reason).toBe('IDEMPOTENCY_MISMATCH');
    expect(fault.publicMessage).not.toContain(key.id);
  });

  it('belongs to its owner: others may use the same one', async () => {
    const { keys } = openKeysRoom();
    const input = { ...ONCE, owner: undefined };
    const owners = ['acme', 'umbrella'];
    for (const owner of owners)
      expect((await keys.create(input, callerWith({ owner }))).key.owner).toBe(owner);
  });

  it('is remembered for a day', async () => {
    const { keys, clock } = openKeysRoom();
    await keys.create(ONCE, OPERATOR);
    await clock.advance(DAY_MS);
    expect((await faultOf(() => keys.create(ONCE, OPERATOR))).reason).toBe('IDEMPOTENCY_REPEATED');
    await clock.advance(1);
    await expect(keys.create(ONCE, OPERATOR)).resolves.toBeDefined();
  });

  it('leaves nothing behind when it is refused, and may be corrected', async () => {
    const { keys } = openKeysRoom();
    await faultOf(() => keys.create({ ...ONCE, name: '' }, OPERATOR));
    await faultOf(() => keys.create({ ...ONCE, scopes: ['keys:read'] }, callerWith({ scopes: [] })));
    await expect(keys.create(ONCE, OPERATOR)).resolves.toBeDefined();
  });
});

it('JSON is the same for the same content, in whatever order its fields stand', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const reversed = reverseFields(value);
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

function reverseFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseFields);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, part]) => [name, reverseFields(part)]),
  );
}
