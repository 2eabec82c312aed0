// What the service proves itself with over TLS. Pure: texts go in, a pair that is known to work or an Error comes out.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type RevocationList, revocationListsFrom, subjectOf } from './revocation-list.ts';

/** PEM texts, as they are configured. */
export interface TlsTexts {
  /** The certificate of the service first, then those that lead to a root. */
  readonly cert: string;
  readonly key: string;
  /** The roots that certificates of clients are verified with. */
  readonly clientCa: string | undefined;
  /** Which of those certificates were revoked. */
  readonly clientCrl?: string | undefined;
}

/** A certificate and a key that belong together. */
export interface TlsMaterial extends TlsTexts {
  /** The certificate of the service first. */
  readonly chain: readonly X509Certificate[];
  readonly clientRoots: readonly X509Certificate[];
  readonly clientCrls: readonly RevocationList[];
  /** Wall-clock milliseconds between which the certificate of the service is valid. */
  readonly validFromMs: number;
  readonly expiresAtMs: number;
  /** When the first of the revocation lists ends; undefined without any. */
  readonly clientCrlExpiresAtMs: number | undefined;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Checks that everything can be parsed and that the key is the certificate's.
 *
 * @throws Error that names the setting and repeats nothing of what it holds
 */
export function tlsMaterialFrom(texts: TlsTexts): TlsMaterial {
  const chain = certificatesOf('PRESIGND_TLS_CERT', texts.cert);
  const clientRoots = certificatesOf('PRESIGND_TLS_CLIENT_CA', texts.clientCa ?? '');
  const [leaf] = chain;
  if (leaf === undefined) throw new Error('PRESIGND_TLS_CERT holds no certificate in PEM');
  if (!leaf.checkPrivateKey(privateKeyOf(texts.key)))
    throw new Error('PRESIGND_TLS_KEY is not the key of the first certificate in PRESIGND_TLS_CERT');
  if (texts.clientCa !== undefined && clientRoots.length === 0)
    throw new Error('PRESIGND_TLS_CLIENT_CA holds no certificate in PEM');
  const clientCrls = texts.clientCrl === undefined ? [] : revocationListsOf(texts.clientCrl, clientRoots);
  refuseUnusable(texts, clientCrls);
  return {
    ...texts,
    chain,
    clientRoots,
    clientCrls,
    clientCrlExpiresAtMs:
      clientCrls.length === 0 ? undefined : Math.min(...clientCrls.map(({ expiresAtMs }) => expiresAtMs)),
    validFromMs: leaf.validFromDate.getTime(),
    expiresAtMs: leaf.validToDate.getTime(),
  };
}

function certificatesOf(setting: string, text: string): X509Certificate[] {
  return (text.match(PEM_CERTIFICATE) ?? []).map((pem) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw new Error(`${setting} holds a certificate that cannot be parsed`);
    }
  });
}

/** OpenSSL believes no certificate of a CA whose list it has not, once it has any. */
function revocationListsOf(text: string, roots: readonly X509Certificate[]): RevocationList[] {
  const lists = readLists(text);
  if (lists.length === 0) throw new Error('PRESIGND_TLS_CLIENT_CRL holds no revocation list in PEM');
  const lacking = roots.findIndex((root) => !lists.some(({ issuer }) => issuer === subjectOf(root)));
  if (lacking >= 0)
    throw new Error(
      `PRESIGND_TLS_CLIENT_CRL holds no revocation list of certificate ${lacking + 1} in PRESIGND_TLS_CLIENT_CA, so that none of its clients would be believed`,
    );
  return lists;
}

function readLists(text: string): RevocationList[] {
  try {
    return revocationListsFrom(text);
  } catch {
    throw new Error('PRESIGND_TLS_CLIENT_CRL holds a revocation list that cannot be parsed');
  }
}

function privateKeyOf(pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem))
    throw new Error('PRESIGND_TLS_KEY is encrypted: give the key without a passphrase');
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error('PRESIGND_TLS_KEY holds no private key in PEM');
  }
}

/** What OpenSSL refuses for its own reasons, such as a key that is too small. */
function refuseUnusable({ cert, key, clientCa }: TlsTexts, clientCrls: readonly RevocationList[]): void {
  try {
    createSecureContext({ cert, key, ca: clientCa, crl: clientCrls.map(({ pem }) => pem) });
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? ` (${error.reason})` : '';
    throw new Error(`PRESIGND_TLS_CERT and PRESIGND_TLS_KEY cannot be used for TLS${reason}`);
  }
}
