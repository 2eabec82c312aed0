import type { Socket } from 'node:net';
import { addressGroup } from '../quota/address-group.ts';

/** Counts a connection for as long as it is open. False where its address has as many as it may. */
export type AddressConnections = (socket: Socket) => boolean;

/** Bounds the open connections of each peer address, of a /64 for IPv6; `isExempt` says whose are not counted. */
export function createAddressConnections(
  max: number,
  isExempt: (address: string) => boolean,
): AddressConnections {
  /** By address. Those without a connection are not in it, so that it is no larger than what is open. */
  const open = new Map<string, number>();

  return (socket) => {
    const address = socket.remoteAddress ?? '';
    if (isExempt(address)) return true;
    const group = addressGroup(address);
    const count = open.get(group) ?? 0;
    if (count >= max) return false;
    open.set(group, count + 1);
    socket.once('close', () => {
      const left = (open.get(group) ?? 1) - 1;
      if (left === 0) open.delete(group);
      else open.set(group, left);
    });
    return true;
  };
}
