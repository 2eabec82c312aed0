import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { cacheKeyFromPepper, loadPeppers } from '../../../src/keys/peppers.ts';
import { checkToken, mintToken } from '../../../src/keys/token.ts';
import { faultOf } from '../../support/faults.ts';
import { OTHER_PEPPER, PEPPER } from '../../support/key-fixtures.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';

const NEW = new Secret('a pepper of the operator, long enough');
const OLD = new Secret('another one, which was used until now');

describe('peppers', () => {
  it('are made once by the store, so that all instances agree', async () => {
    const store = createMemoryKeyStore();
    const [one, other] = await Promise.all(
      [0, 1].map(() => loadPeppers({ store, configured: [], randomBytes })),
    );
    expect(one).toHaveLength(1);
    expect(one?.[0].equals(other?.[0] ?? PEPPER)).toBe(true);
    expect(one?.[0].symmetricKeySize).toBe(32);
  });

  it('tag new tokens with the first, and accept those of all and of the time before any was configured', async () => {
    const store = createMemoryKeyStore();
    const before = await loadPeppers({ store, configured: [], randomBytes });
    const older = await loadPeppers({ store, configured: [OLD], randomBytes });
    const now = await loadPeppers({ store, configured: [NEW, OLD], randomBytes });
    for (const peppers of [before, older, now])
      expect(checkToken(mintToken('live', peppers[0], randomBytes), now)).toBe('genuine');
    expect(checkToken(mintToken('live', now[0], randomBytes), older)).toBe('forged');
  });

  it('that are too short are refused, without being shown', async () => {
    const store = createMemoryKeyStore();
    const short = new Secret('x'.repeat(31));
    const fault = await faultOf(() => loadPeppers({ store, configured: [NEW, short], randomBytes }));
    expect(fault).toMatchObject({ reason: 'INVALID_REQUEST', fields: [{ field: 'pepper' }] });
    expect(JSON.stringify(fault.fields)).not.toContain(short.reveal());
  });
});

describe('the cache key', () => {
  it('is the same for the same pepper, another for another, and never the pepper itself', () => {
    expect(cacheKeyFromPepper(PEPPER).equals(cacheKeyFromPepper(PEPPER))).toBe(true);
    expect(cacheKeyFromPepper(PEPPER).equals(cacheKeyFromPepper(OTHER_PEPPER))).toBe(false);
    expect(cacheKeyFromPepper(PEPPER).equals(PEPPER)).toBe(false);
  });
});
