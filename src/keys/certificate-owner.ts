// What a client certificate stands for. Like an API key, but in the settings: it has neither a secret nor a row.
import { Fault } from '../fault/fault.ts';
import type { KeyPolicy, KeyRateLimit, Principal, Scope } from './api-key.ts';
import type { ClientCertificate } from './client-certificate.ts';

/** What whoever holds a certificate with a name may do. */
export interface CertificateOwner {
  readonly owner: string;
  readonly scopes: readonly Scope[];
  readonly policy: KeyPolicy | null;
  readonly rateLimit: KeyRateLimit | null;
}

/** By the name in the certificate, as `ClientCertificate` has it. */
export type CertificateOwners = ReadonlyMap<string, CertificateOwner>;

/** What names a principal that has no key: its id begins so, as no id of a key does. */
const ID_PREFIX = 'cert:';

/** Of a certificate that is refused. */
const LOGGED_NAMES = 10;

/**
 * Who is calling with this certificate and no API key. Only the exact name counts, and only one: where two entries
 * fit, nobody can tell which was meant. SPIFFE allows one ID in a certificate (X509-SVID, section 2), so several of
 * them are none.
 *
 * Throws a Fault that callers see as the 401 of a missing key: CERTIFICATE_UNKNOWN, CERTIFICATE_AMBIGUOUS,
 * CERTIFICATE_EXPIRED, or CERTIFICATE_ORIGIN for a call with an `Origin`. Such a call comes from a page in a browser,
 * which would send the certificate of its user along with the calls of any page.
 */
export function principalOfCertificate(
  { names, expiresAtMs }: ClientCertificate,
  owners: CertificateOwners,
  origin: string | undefined,
  nowMs: number,
): Principal {
  const spiffeIds = names.filter((name) => name.startsWith('spiffe://'));
  const known = names.filter((name) => owners.has(name));
  const [name, ...others] = known;
  const owner = name === undefined ? undefined : owners.get(name);
  if (name === undefined || owner === undefined) throw refusal('CERTIFICATE_UNKNOWN', names);
  if (others.length > 0) throw refusal('CERTIFICATE_AMBIGUOUS', known);
  if (spiffeIds.length > 1) throw refusal('CERTIFICATE_AMBIGUOUS', spiffeIds);
  if (expiresAtMs <= nowMs) throw refusal('CERTIFICATE_EXPIRED', known);
  if (origin !== undefined) throw refusal('CERTIFICATE_ORIGIN', known);
  return { keyId: ID_PREFIX + name, ...owner };
}

/** Whether a certificate took the place of an API key, so that there is no key to look up. */
export function isOfCertificate({ keyId }: Pick<Principal, 'keyId'>): boolean {
  return keyId.startsWith(ID_PREFIX);
}

/** The names are for the log: whoever reads it has to find the entry. They come from a CA that is trusted. */
function refusal(
  reason: 'CERTIFICATE_UNKNOWN' | 'CERTIFICATE_AMBIGUOUS' | 'CERTIFICATE_EXPIRED' | 'CERTIFICATE_ORIGIN',
  names: readonly string[],
): Fault {
  return new Fault(reason, {
    cause: new Error(`names of the certificate: ${names.slice(0, LOGGED_NAMES).join(', ') || 'none'}`),
  });
}
