// Judges settings that can be used, and had better not be. Pure.
import type { X509Certificate } from 'node:crypto';
import type { Settings } from '../config/settings.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import { judgeClientCa, judgeClientCrl, judgeOwnCertificate, type Validity } from './judge-certificate.ts';

/** What the port speaks TLS with; nothing where it does not, or cannot. */
export interface OwnCertificates {
  readonly chain: readonly X509Certificate[];
  readonly clientRoots: readonly X509Certificate[];
  readonly clientCrls: readonly Validity[];
}

/**
 * @param refusals What the service would not start with, in its own words.
 * @param certificates Undefined where they are among what it would not start with.
 */
export function judgeSettings(
  { trustedProxies, corsOrigins }: Pick<Settings, 'trustedProxies' | 'corsOrigins'>,
  refusals: readonly string[],
  certificates: OwnCertificates | undefined,
  nowMs: number,
): readonly Finding[] {
  const wide = trustedProxies.filter((range) => /\/0$/.test(range));
  return [
    refusals.length === 0
      ? ok('settings', 'they can be used')
      : problem('settings', refusals.join('\n'), 'presignd serve --help shows all settings'),
    wide.length === 0
      ? ok('trusted-proxies', trustedProxies.length === 0 ? 'none' : trustedProxies.join(', '))
      : warning(
          'trusted-proxies',
          `PRESIGND_TRUSTED_PROXIES trusts everybody (${wide.join(', ')})`,
          'PRESIGND_TRUSTED_PROXIES=the addresses of the proxies, such as 10.0.0.0/8',
        ),
    corsOrigins.includes('*')
      ? warning(
          'service-cors',
          'PRESIGND_CORS_ORIGINS is *',
          'PRESIGND_CORS_ORIGINS=the origins of your pages, such as https://app.example.com',
        )
      : ok('service-cors', corsOrigins.length === 0 ? 'off' : corsOrigins.join(', ')),
    ...(certificates === undefined
      ? []
      : [
          judgeOwnCertificate(certificates.chain, nowMs),
          judgeClientCa(certificates.clientRoots, nowMs),
          judgeClientCrl(certificates.clientCrls, nowMs),
        ]),
  ];
}
