import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressGroup } from '../../../src/quota/address-group.ts';

describe('addressGroup', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['64:ff9b::203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it.each([
    '',
    'unknown',
    '1:2:3',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    '::ffff:300.0.0.1',
    ':::',
    'g::1',
  ])('leaves %j as it is, because it is no address', (text) => {
    expect(addressGroup(text)).toBe(text);
  });

  it('is one for all addresses of a /64 and differs between two, in any notation', () => {
    const words = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
    const written = (words: number[]) => words.map((word) => word.toString(16)).join(':');
    fc.assert(
      fc.property(words, words, words, words, (network, other, hostA, hostB) => {
        fc.pre(network.some((word) => word > 0x64) && written(network) !== written(other));
        const a = `${written(network)}:${written(hostA)}`;
        expect(addressGroup(a)).toBe(addressGroup(`${written(network)}:${written(hostB)}`));
        expect(addressGroup(a.toUpperCase())).toBe(addressGroup(a));
        expect(addressGroup(new URL(`http://[${a}]`).hostname.slice(1, -1))).toBe(addressGroup(a));
        expect(addressGroup(`${written(other)}:${written(hostA)}`)).not.toBe(addressGroup(a));
      }),
    );
  });

  it('keeps no more of a forged address than of a real one', () => {
    expect(addressGroup('x'.repeat(100_000)).length).toBeLessThan(100);
    expect(addressGroup(':'.repeat(100_000)).length).toBeLessThan(100);
  });
});
