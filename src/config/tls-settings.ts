// The settings of TLS on the one port, and of the certificates of clients.
import { certificateOwners } from './certificate-owners.ts';
import { optional, type SettingRow, withDefault } from './setting-row.ts';
import { choice, duration, secret } from './value-types.ts';

export const TLS_SETTINGS = {
  tlsCert: optional({
    name: 'PRESIGND_TLS_CERT',
    type: secret,
    doc: 'Certificate in PEM, followed by those that lead to a root. With it the port speaks TLS. Read from `PRESIGND_TLS_CERT_FILE`, a changed file counts for new connections.',
  }),
  tlsKey: optional({
    name: 'PRESIGND_TLS_KEY',
    type: secret,
    doc: 'Private key of the certificate in PEM, without a passphrase. Its file is followed, too.',
  }),
  tlsMinVersion: withDefault({
    name: 'PRESIGND_TLS_MIN_VERSION',
    type: choice('TLSv1.2', 'TLSv1.3'),
    default: 'TLSv1.2',
    doc: 'The oldest version of TLS that clients may speak.',
  }),
  tlsPlaintext: withDefault({
    name: 'PRESIGND_TLS_PLAINTEXT',
    type: choice('allow', 'health-only', 'refuse'),
    default: 'health-only',
    doc: 'What is answered without TLS where there is a certificate: everything, health probes (`/health`, `/livez`, `/readyz`, `grpc.health.v1.Health`), or nothing.',
  }),
  tlsReloadIntervalMs: withDefault({
    name: 'PRESIGND_TLS_RELOAD_INTERVAL',
    type: duration('100ms', '1h'),
    default: '10s',
    doc: 'How often the files of certificate, key, client CA and revocation lists are looked at.',
  }),
  tlsClientCa: optional({
    name: 'PRESIGND_TLS_CLIENT_CA',
    type: secret,
    doc: 'Root certificates in PEM that certificates of clients are verified with. Its file is followed, too.',
  }),
  tlsClientCrl: optional({
    name: 'PRESIGND_TLS_CLIENT_CRL',
    type: secret,
    doc: 'Revocation lists in PEM, one of each CA in `PRESIGND_TLS_CLIENT_CA` and of each below that signs for clients. Once one of them has expired, no certificate of that CA is believed. Its file is followed, too.',
  }),
  tlsClientAuth: optional({
    name: 'PRESIGND_TLS_CLIENT_AUTH',
    type: choice('off', 'optional', 'required'),
    doc: 'Whether clients are asked for a certificate, and hung up on without a verified one. Without it `required` if there is a `PRESIGND_TLS_CLIENT_CA`, else `off`.',
  }),
  tlsClientOwners: withDefault({
    name: 'PRESIGND_TLS_CLIENT_OWNERS',
    type: certificateOwners,
    default: '{}',
    doc: 'Who is calling with which certificate in place of an API key, as JSON by SPIFFE ID or `dns:` name: see docs/security.md#client-certificates.',
  }),
} as const satisfies Record<string, SettingRow<unknown>>;
