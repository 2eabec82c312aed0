// Looks at the certificate that a server shows, whatever is wrong with it. Nothing but the handshake is sent.
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ShownCertificate } from './judge-certificate.ts';

/** Undefined where there was no handshake within the time. Never rejects. */
export type CertificateProbe = (origin: string) => Promise<ShownCertificate | undefined>;

/** Deeper than any chain; a loop would be none. */
const CHAIN_MAX = 10;

export function createCertificateProbe(timeoutMs: number): CertificateProbe {
  return (origin) => {
    const { hostname, port } = new URL(origin);
    const host = hostname.replace(/^\[|\]$/g, '');
    const { promise, resolve } = Promise.withResolvers<ShownCertificate | undefined>();
    const socket = connect({
      host,
      port: Number(port || 443),
      ...(isIP(host) === 0 && { servername: host }),
      // What is wrong with it is judged, and no secret is sent.
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.once('secureConnect', () => {
      const own = socket.getPeerX509Certificate();
      resolve(own && { chain: chainOf(own), distrust: codeOf(socket.authorizationError) });
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    return promise;
  };
}

function chainOf(own: X509Certificate): X509Certificate[] {
  const chain = [own];
  for (let next = own.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    if (
      chain.length >= CHAIN_MAX ||
      chain.some(({ fingerprint256 }) => fingerprint256 === next?.fingerprint256)
    )
      break;
    chain.push(next);
  }
  return chain;
}

/** Node types an Error and gives a text. Dates and names are judged by themselves. */
function codeOf(authorizationError: unknown): string | undefined {
  if (!authorizationError) return undefined;
  return typeof authorizationError === 'object' && 'code' in authorizationError
    ? String(authorizationError.code)
    : String(authorizationError);
}
