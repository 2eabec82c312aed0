import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { SettingsError } from '../../../src/config/settings-error.ts';
import { tlsConfigFrom } from '../../../src/config/tls.ts';

const SPIFFE = 'spiffe://example.org/ns/media/sa/api';
const ENTRY = { owner: 'media', scopes: ['uploads:create'] };

const owners = (entries: unknown) =>
  loadSettings({ PRESIGND_TLS_CLIENT_OWNERS: JSON.stringify(entries) }).tlsClientOwners;

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('PRESIGND_TLS_CLIENT_OWNERS', () => {
  it('is who may do what, by the name in the certificate', () => {
    const policy = { content_types: ['Image/PNG'], max_size: 10, key_prefix: 'a', allow_overwrite: false };
    const read = owners({
      [SPIFFE]: { ...ENTRY, policy, rate_limit: { requests: 5, window_seconds: 60, bytes_per_day: 9 } },
      'dns:billing.internal': ENTRY,
    });
    expect([...read]).toEqual([
      [
        SPIFFE,
        {
          ...ENTRY,
          policy: {
            contentTypes: ['image/png'],
            maxSizeBytes: 10,
            objectKeyPrefix: 'a/',
            allowOverwrite: false,
          },
          rateLimit: { requests: 5, windowSeconds: 60, bytesPerDay: 9 },
        },
      ],
      ['dns:billing.internal', { ...ENTRY, policy: null, rateLimit: null }],
    ]);
  });

  it.each([
    'media',
    'spiffe://example.org',
    'spiffe://example.org/',
    'spiffe://example.org/a/../b',
    'spiffe://Example.org/a',
    'spiffe://example.org/*',
    'dns:*.internal',
    'dns:Billing.internal',
    'dns:billing.internal.',
    'dns:',
    'https://example.org/a',
    `dns:${'a'.repeat(250)}`,
  ])('refuses the name %s, which no certificate could match', (name) => {
    expect(problemsOf(() => owners({ [name]: ENTRY }))[0]).toMatch(/must be a SPIFFE ID such as/);
  });

  it.each([
    [{ scopes: ['uploads:create'] }, '.owner must be set'],
    [{ owner: 'a/b', scopes: ['uploads:create'] }, '.owner must be 1 to 100'],
    [{ owner: 'media' }, '.scopes must be set'],
    [{ owner: 'media', scopes: [] }, '.scopes must be one or more'],
    [{ owner: 'media', scopes: ['everything'] }, '.scopes must be one or more'],
    [{ ...ENTRY, polcy: {} }, '.polcy is not a field; did you mean policy?'],
    [{ ...ENTRY, policy: { maxSize: 1 } }, '.maxSize is not a field'],
    [{ ...ENTRY, policy: { content_types: ['png'] } }, '.policy.content_types must be'],
    [{ ...ENTRY, rate_limit: { requests: 5 } }, '.rate_limit.window_seconds must be'],
    ['media', 'must be a JSON object'],
  ])('refuses %j', (entry, problem) => {
    expect(problemsOf(() => owners({ [SPIFFE]: entry })).join('\n')).toContain(problem);
  });

  it('is never quoted where it is no JSON', () => {
    const problems = problemsOf(() => loadSettings({ PRESIGND_TLS_CLIENT_OWNERS: '{secret' }));
    expect(problems).toEqual(['PRESIGND_TLS_CLIENT_OWNERS must be JSON']);
  });
});

describe('the settings of TLS', () => {
  const load = (env: Record<string, string>) => tlsConfigFrom(loadSettings(env));
  const PAIR = { PRESIGND_TLS_CERT: 'cert', PRESIGND_TLS_KEY: 'key' };
  const OWNED = { PRESIGND_TLS_CLIENT_OWNERS: JSON.stringify({ [SPIFFE]: ENTRY }) };

  it('are none without a certificate', () => {
    expect(load({})).toBeUndefined();
  });

  it('demand certificates of clients as soon as there is a CA for them, unless told otherwise', () => {
    expect(load(PAIR)?.clientAuth).toBe('off');
    expect(load({ ...PAIR, PRESIGND_TLS_CLIENT_CA: 'ca' })?.clientAuth).toBe('required');
    expect(
      load({ ...PAIR, PRESIGND_TLS_CLIENT_CA: 'ca', PRESIGND_TLS_CLIENT_AUTH: 'optional' })?.clientAuth,
    ).toBe('optional');
  });

  it.each<[Record<string, string>, string]>([
    [{ PRESIGND_TLS_CERT: 'cert' }, 'PRESIGND_TLS_KEY must be set, as PRESIGND_TLS_CERT is'],
    [{ PRESIGND_TLS_KEY: 'key' }, 'PRESIGND_TLS_CERT must be set, as PRESIGND_TLS_KEY is'],
    [
      { ...PAIR, PRESIGND_TLS_CLIENT_CRL: 'list' },
      'PRESIGND_TLS_CLIENT_CA must be set, as PRESIGND_TLS_CLIENT_CRL is',
    ],
    [{ PRESIGND_TLS_CLIENT_CA: 'ca' }, 'PRESIGND_TLS_CERT must be set, as PRESIGND_TLS_CLIENT_CA is'],
    [
      { ...PAIR, PRESIGND_TLS_CLIENT_AUTH: 'optional' },
      'PRESIGND_TLS_CLIENT_CA must be set, as PRESIGND_TLS_CLIENT_AUTH is optional',
    ],
    [{ ...PAIR, ...OWNED }, 'PRESIGND_TLS_CLIENT_CA must be set and PRESIGND_TLS_CLIENT_AUTH not be off'],
    [
      {
        ...PAIR,
        PRESIGND_TLS_CLIENT_CA: 'ca',
        PRESIGND_TLS_CLIENT_OWNERS: JSON.stringify({ [SPIFFE]: { ...ENTRY, rate_limit: { plan: 'gold' } } }),
      },
      '.rate_limit.plan must be one of PRESIGND_RATE_PLANS: free, pro, unlimited',
    ],
  ])('name what is missing beside %j', (env, problem) => {
    expect(problemsOf(() => load(env)).join('\n')).toContain(problem);
  });
});
