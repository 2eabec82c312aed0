import { type ApiKey, SCOPES } from './api-key.ts';
import type { RandomBytes } from './base62.ts';
import type { Clock } from './clock.ts';
import type { KeyChanges } from './key-changes.ts';
import { newKey } from './key-decisions.ts';
import { type KeyIdentity, keyFromToken, mintKey } from './key-identity.ts';
import { DEFAULT_OWNER } from './key-input.ts';
import type { CreatedKey } from './keys.ts';
import type { Peppers } from './peppers.ts';
import type { KeyStore } from './ports.ts';
import { checkToken, environmentOf } from './token.ts';

const BOOTSTRAP = { principal: undefined, actor: 'bootstrap', address: '', requestId: '' } as const;

export interface BootstrapDeps {
  readonly store: Pick<KeyStore, 'list'>;
  readonly changes: Pick<KeyChanges, 'insert'>;
  readonly peppers: Peppers;
  readonly randomBytes: RandomBytes;
  readonly clock: Pick<Clock, 'wallMs'>;
}

/**
 * The first key of an empty store: with the token, or a new one. Undefined when there are keys, whatever the token is
 * then: what a service was once started with must not keep it from starting. Throws an Error for a token that could
 * never be accepted here, and a Fault STORE_UNAVAILABLE.
 */
export async function bootstrapKey(
  { store, changes, peppers, randomBytes, clock }: BootstrapDeps,
  given?: string,
): Promise<CreatedKey | undefined> {
  const nowMs = clock.wallMs();
  const { total } = await store.list({ nowMs, offset: 0, limit: 1 });
  if (total > 0) return undefined;
  if (given !== undefined) refuseForeign(given, peppers);
  const { token, identity } =
    given === undefined ? mintKey('live', peppers[0], randomBytes) : keyFromToken(given, randomBytes);
  const key = administrator(token, identity, nowMs);
  // Others may start at the same moment, and one of them makes the key.
  const made = await changes.insert(key, BOOTSTRAP, { atMs: nowMs, onlyIfEmpty: true });
  return made ? { key, token } : undefined;
}

function administrator(token: string, identity: KeyIdentity, nowMs: number): ApiKey {
  const granted = {
    name: 'bootstrap',
    owner: DEFAULT_OWNER,
    environment: environmentOf(token),
    scopes: SCOPES,
    policy: null,
    rateLimit: null,
    expiresAtMs: null,
  };
  return newKey(granted, identity, nowMs);
}

function refuseForeign(token: string, peppers: Peppers): void {
  const verdict = checkToken(token, peppers);
  if (verdict === 'genuine') return;
  const problem = verdict === 'mistyped' ? 'is no API key' : 'was made with another pepper';
  throw new Error(
    `The bootstrap key ${problem}. Make one with \`presignd keys mint\`, with the same PRESIGND_KEY_PEPPERS or on the same store`,
  );
}
