// What is looked at beside the destinations: the settings, Redis and the key store.
import type { CheckSpec } from './check-spec.ts';

export const SETTINGS_CHECKS = {
  settings: {
    about: 'every setting can be used: the same judgement, in the same words, as that of `presignd serve`',
    why: 'The service does not start.',
  },
  'trusted-proxies': {
    about: '`PRESIGND_TRUSTED_PROXIES` does not trust the whole internet',
    why: 'Whoever is trusted chooses the address that is logged and that failed authentications are counted by.',
  },
  'service-cors': {
    about: '`PRESIGND_CORS_ORIGINS` does not let every origin in',
    why: 'Every page on the web can then call the service with a key or token that it got hold of.',
  },
  certificate: {
    about:
      '`PRESIGND_TLS_CERT`, and the certificates behind it, are valid now and for 14 days more, and it names a host',
    why: 'Clients refuse a certificate that expired, is not valid yet, or names no host.',
  },
  'client-ca': {
    about: 'the certificates in `PRESIGND_TLS_CLIENT_CA` are valid now and for 14 days more',
    why: 'A certificate of a client that leads to an expired one is not believed.',
  },
  'client-crl': {
    about:
      'the revocation lists in `PRESIGND_TLS_CLIENT_CRL` have not expired, and have more than a tenth of their life left',
    why: 'Once the list of a CA has expired, none of its certificates is believed.',
  },
} as const satisfies Record<string, CheckSpec>;

export const REDIS_CHECKS = {
  redis: {
    about: 'Redis answers, with which version and how fast',
    why: 'Without it instances count and remember each for itself, and every unknown key costs a call to the store. A command that takes longer than 150 ms is given up.',
  },
  'redis-eviction': {
    about: 'Redis has room, and does not make any by throwing counts away',
    why: 'Counts of rate limits and upload tokens, and what idempotent calls remember, are lost when Redis evicts them; where it must not evict and is full, nothing new is counted together.',
  },
  'redis-access': {
    about: 'Redis asks for a password, unless it is on this machine',
    why: 'Whoever reaches it can reset rate limits and drop cached keys. Forged values are told apart, as each carries a MAC.',
  },
} as const satisfies Record<string, CheckSpec>;

export const STORE_CHECKS = {
  store: {
    about: 'the key store of `DATABASE_URL` answers, and how fast',
    why: 'Without it the service does not start, and a running one goes on with the keys that it knows, for a while.',
  },
  'store-schema': {
    about: "the schema has this program's version",
    why: 'The service does not start on a schema that is newer, or older without leave to change it.',
  },
  'store-place': {
    about: 'a SQLite file is on a local disk, and not shared by several instances that share a Redis',
    why: 'SQLite cannot rely on the locks of network file systems, and a file that is not shared by all instances has keys, and seals upload ids, for one machine only.',
  },
  'store-pool': {
    about: 'Postgres has connections for every instance',
    why: 'A call that gets no connection is answered 503.',
  },
} as const satisfies Record<string, CheckSpec>;
