// Certificates that live as long as a test. Nothing is taken from the machine: it may have no openssl.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as Crypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** In PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateNames {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly uri?: readonly string[];
}

export interface IssueOptions extends CertificateNames {
  readonly expiresAtMs?: number;
  readonly validFromMs?: number;
}

export interface ListOptions {
  readonly validFromMs?: number;
  readonly expiresAtMs?: number;
}

export interface TestCa {
  /** The root in PEM. */
  readonly cert: string;
  /** A certificate for servers and clients alike. */
  issue(options: IssueOptions): Promise<TestCertificate>;
  /** A list in PEM of these certificates as revoked. */
  revoke(certificates: readonly TestCertificate[], options?: ListOptions): Promise<string>;
}

let serial = 0;

/** A root of its own. */
export async function createTestCa(name = 'Test CA'): Promise<TestCa> {
  const keys = await createKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    cert: root.toString('pem'),
    revoke: async (certificates, options = {}) => {
      const list = await x509.X509CrlGenerator.create({
        issuer: root.subject,
        thisUpdate: new Date(options.validFromMs ?? Date.now() - DAY_MS),
        nextUpdate: new Date(options.expiresAtMs ?? Date.now() + DAY_MS),
        entries: certificates.map(({ cert }) => ({
          serialNumber: new x509.X509Certificate(cert).serialNumber,
        })),
        signingAlgorithm: ALGORITHM,
        signingKey: keys.privateKey,
      });
      // Its own PEM has a label that OpenSSL does not know.
      return x509.PemConverter.encode(list.rawData, 'X509 CRL');
    },
    issue: async ({ dns = [], ip = [], uri = [], ...options }) => {
      const leaf = await createKeys();
      const names: x509.JsonGeneralNames = [
        ...dns.map((value) => ({ type: 'dns' as const, value })),
        ...ip.map((value) => ({ type: 'ip' as const, value })),
        ...uri.map((value) => ({ type: 'url' as const, value })),
      ];
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: nextSerial(),
        subject: 'CN=a test',
        issuer: root.subject,
        notBefore: new Date(options.validFromMs ?? Date.now() - DAY_MS),
        notAfter: new Date(options.expiresAtMs ?? Date.now() + DAY_MS),
        signingKey: keys.privateKey,
        publicKey: leaf.publicKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false),
          ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        ],
      });
      return { cert: certificate.toString('pem'), key: await privateKeyPem(leaf.privateKey) };
    },
  };
}

/** For a server on this machine. */
export function issueServerCertificate(ca: TestCa, options: IssueOptions = {}): Promise<TestCertificate> {
  return ca.issue({ dns: ['localhost'], ip: ['127.0.0.1'], ...options });
}

function createKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}

function nextSerial(): string {
  serial += 1;
  return serial.toString(16).padStart(16, '1');
}
