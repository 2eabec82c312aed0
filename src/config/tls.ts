// Whether and how the port speaks TLS, complete: what the settings say together.

import type { Secret } from './secret.ts';
import type { Settings } from './settings.ts';
import { SettingsError } from './settings-error.ts';

export interface TlsConfig {
  readonly cert: Secret;
  readonly key: Secret;
  readonly clientCa: Secret | undefined;
  readonly clientCrl: Secret | undefined;
  readonly clientAuth: 'off' | 'optional' | 'required';
}

/**
 * Undefined without a certificate.
 *
 * @throws SettingsError with every setting that needs another one which is not there
 */
export function tlsConfigFrom(settings: Settings): TlsConfig | undefined {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa, tlsClientCrl: clientCrl } = settings;
  const { tlsClientOwners, ratePlans } = settings;
  const clientAuth = settings.tlsClientAuth ?? (clientCa ? 'required' : 'off');
  const asks = clientAuth !== 'off';
  const problems = [
    cert && !key && 'PRESIGND_TLS_KEY must be set, as PRESIGND_TLS_CERT is',
    key && !cert && 'PRESIGND_TLS_CERT must be set, as PRESIGND_TLS_KEY is',
    clientCa && !cert && 'PRESIGND_TLS_CERT must be set, as PRESIGND_TLS_CLIENT_CA is',
    clientCrl && !clientCa && 'PRESIGND_TLS_CLIENT_CA must be set, as PRESIGND_TLS_CLIENT_CRL is',
    asks && !clientCa && `PRESIGND_TLS_CLIENT_CA must be set, as PRESIGND_TLS_CLIENT_AUTH is ${clientAuth}`,
    tlsClientOwners.size > 0 &&
      !asks &&
      'PRESIGND_TLS_CLIENT_CA must be set and PRESIGND_TLS_CLIENT_AUTH not be off, as PRESIGND_TLS_CLIENT_OWNERS is set',
    ...[...tlsClientOwners].map(
      ([name, { rateLimit }]) =>
        rateLimit?.plan !== undefined &&
        !ratePlans.has(rateLimit.plan) &&
        `PRESIGND_TLS_CLIENT_OWNERS["${name}"].rate_limit.plan must be one of PRESIGND_RATE_PLANS: ${[...ratePlans.keys()].join(', ')}`,
    ),
  ].filter((problem) => typeof problem === 'string');
  if (problems.length > 0) throw new SettingsError(problems);
  return cert && key && { cert, key, clientCa, clientCrl, clientAuth };
}
