import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createAddressConnections } from '../../../src/edge/address-connections.ts';
import { isAmong } from '../../../src/edge/client-address.ts';

/** A connection of a peer, as far as it is looked at. */
function connectionFrom(remoteAddress: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket;
}

describe('the connections of one address', () => {
  it('are counted for as long as they are open, each address by itself', () => {
    const admit = createAddressConnections(2, () => false);
    const first = connectionFrom('192.0.2.1');
    expect([first, connectionFrom('192.0.2.1'), connectionFrom('192.0.2.1')].map(admit)).toEqual([
      true,
      true,
      false,
    ]);
    expect(admit(connectionFrom('192.0.2.2'))).toBe(true);
    first.emit('close');
    expect(admit(connectionFrom('192.0.2.1'))).toBe(true);
    expect(admit(connectionFrom('192.0.2.1'))).toBe(false);
  });

  it('are those of a whole /64, and of IPv4 however it is written', () => {
    const admit = createAddressConnections(1, () => false);
    expect(admit(connectionFrom('2001:db8::1'))).toBe(true);
    expect(admit(connectionFrom('2001:db8::ffff:1'))).toBe(false);
    expect(admit(connectionFrom('2001:db8:0:1::1'))).toBe(true);
    expect(admit(connectionFrom('192.0.2.1'))).toBe(true);
    expect(admit(connectionFrom('::ffff:192.0.2.1'))).toBe(false);
  });

  it('are as many as they like for a trusted proxy, behind which everybody is', () => {
    const admit = createAddressConnections(1, isAmong(['10.0.0.0/8', 'fd00::/8']));
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) {
      expect([1, 2, 3].map(() => admit(connectionFrom(address)))).toEqual([true, true, true]);
    }
    expect([1, 2].map(() => admit(connectionFrom('11.0.0.1')))).toEqual([true, false]);
  });
});
