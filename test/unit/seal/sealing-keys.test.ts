import { createSecretKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealer } from '../../../src/seal/create-sealer.ts';
import { type SealingKeys, sealingKeysFrom } from '../../../src/seal/sealing-keys.ts';
import { OTHER_PEPPER, PEPPER } from '../../support/key-fixtures.ts';

const secret = (text: string) => ({ reveal: () => text });
const OLD = secret('the old key, which is long enough');
const NEW = secret('the new key, which is long enough');
const PAYLOAD = Buffer.from('payload');

const sealWith = (keys: SealingKeys) => createSealer(keys, 'test').seal(PAYLOAD, 'owner');
const opens = (keys: SealingKeys, sealed: string) =>
  createSealer(keys, 'test').open(sealed, 'owner') !== undefined;
const exported = (keys: readonly KeyObject[]) => keys.map((key) => key.export().toString('hex'));

describe('configured sealing keys', () => {
  it('seal with the first and open with all', () => {
    const rotated = sealingKeysFrom({ configured: [NEW, OLD], peppers: [PEPPER] });
    const only = (one: typeof OLD) => sealingKeysFrom({ configured: [one], peppers: [PEPPER] });
    expect(opens(rotated, sealWith(only(OLD)))).toBe(true);
    expect(opens(only(NEW), sealWith(rotated))).toBe(true);
    expect(opens(only(OLD), sealWith(rotated))).toBe(false);
  });

  it('owe nothing to the peppers', () => {
    const [first, second] = [[PEPPER], [OTHER_PEPPER, PEPPER]].map(([one = PEPPER, ...more]) =>
      sealingKeysFrom({ configured: [OLD], peppers: [one, ...more] }),
    );
    expect(exported(first ?? [])).toEqual(exported(second ?? []));
    expect(first).toHaveLength(1);
  });

  it('are refused below 32 characters, in words that name the setting and not the key', () => {
    const attempt = () => sealingKeysFrom({ configured: [NEW, secret('k'.repeat(31))], peppers: [PEPPER] });
    expect(attempt).toThrow(RangeError);
    expect(attempt).toThrow(/^each key in PRESIGND_SEALING_KEYS must have at least 32 characters$/);
    expect(sealingKeysFrom({ configured: [secret('k'.repeat(32))], peppers: [PEPPER] })).toHaveLength(1);
  });
});

describe('sealing keys from peppers', () => {
  it('let instances with and without a pepper of their own open what the others sealed', () => {
    const stored = PEPPER;
    const configured = createSecretKey(Buffer.alloc(32, 'r'));
    const fleets = [[stored], [configured, stored], [configured, OTHER_PEPPER, stored]] as const;
    const sealed = fleets.map((peppers) => sealWith(sealingKeysFrom({ configured: [], peppers })));
    expect(new Set(sealed).size).toBe(1);
    for (const peppers of fleets) {
      const keys = sealingKeysFrom({ configured: [], peppers });
      for (const text of sealed) expect(opens(keys, text)).toBe(true);
    }
  });

  it('open what was sealed with any of the peppers', () => {
    const sealed = sealWith(sealingKeysFrom({ configured: [], peppers: [OTHER_PEPPER] }));
    expect(opens(sealingKeysFrom({ configured: [], peppers: [OTHER_PEPPER, PEPPER] }), sealed)).toBe(true);
    expect(opens(sealingKeysFrom({ configured: [], peppers: [PEPPER] }), sealed)).toBe(false);
  });

  it('are not the peppers themselves', () => {
    expect(exported(sealingKeysFrom({ configured: [], peppers: [PEPPER] }))).not.toEqual(exported([PEPPER]));
  });
});
