import type { TLSSocket } from 'node:tls';
import { type CertificateIdentity, identityOf, isRevoked, type RevocationList } from './revocation-list.ts';

/** The open connections whose clients have proved a certificate, so that a revocation ends them. */
export interface CertifiedConnections {
  /** False for a certificate that was revoked while its handshake was under way. */
  add(socket: TLSSocket): boolean;
  /** Counts by these lists from now on, cuts the connections of certificates that they revoke, and answers how many. */
  replace(lists: readonly RevocationList[]): number;
}

/** Where there are no lists at first there never are, and connections are not kept. */
export function createCertifiedConnections(first: readonly RevocationList[]): CertifiedConnections {
  const open = new Map<TLSSocket, CertificateIdentity>();
  let lists = first;
  return {
    add(socket) {
      const certificate = lists.length > 0 ? socket.getPeerX509Certificate() : undefined;
      if (certificate === undefined) return true;
      const identity = identityOf(certificate);
      if (isRevoked(identity, lists)) return false;
      open.set(socket, identity);
      socket.once('close', () => open.delete(socket));
      return true;
    },
    replace(replaced) {
      lists = replaced;
      const revoked = [...open].filter(([, identity]) => isRevoked(identity, lists));
      for (const [socket] of revoked) socket.destroy();
      return revoked.length;
    },
  };
}
