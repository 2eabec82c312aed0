import type { Clock } from './clock.ts';
import { isKeyId } from './key-identity.ts';
import { ownerRule } from './key-input.ts';
import type { Caller, Keys } from './keys.ts';
import type { KeyStore } from './ports.ts';
import { type Rule, refuseViolations, violationsOf } from './violations.ts';

const PAGE_MAX = 1_000;

export interface KeyQueriesDeps {
  readonly store: Pick<KeyStore, 'audit' | 'list'>;
  readonly clock: Pick<Clock, 'wallMs'>;
}

/** What there is of keys, as far as it is the caller's to see. */
export function createKeyQueries({ store, clock }: KeyQueriesDeps): Pick<Keys, 'audit' | 'list'> {
  return {
    async list({ offset, limit, owner, status }, caller) {
      refuseViolations(
        violationsOf([
          ['offset', isCount(offset, 0), 'must be 0 or more'],
          limitRule(limit),
          ...(owner === undefined ? [] : [ownerRule(owner)]),
        ]),
      );
      const query = { offset, limit, status, owner: visibleOwner(caller, owner), nowMs: clock.wallMs() };
      return store.list(query, caller.timeLeft);
    },

    async audit({ limit, beforeSeq, owner, keyId }, caller) {
      refuseViolations(
        violationsOf([
          limitRule(limit),
          ['before', beforeSeq === undefined || isCount(beforeSeq, 1), 'must be 1 or more'],
          ...(owner === undefined ? [] : [ownerRule(owner)]),
        ]),
      );
      if (keyId !== undefined && !isKeyId(keyId)) return [];
      return store.audit({ limit, beforeSeq, keyId, owner: visibleOwner(caller, owner) });
    },
  };
}

/** A calling key sees what is its owner's, whatever it asks for. */
function visibleOwner({ principal }: Caller, asked: string | undefined): string | undefined {
  return principal === undefined ? asked : principal.owner;
}

function limitRule(limit: number): Rule {
  return ['limit', isCount(limit, 1) && limit <= PAGE_MAX, `must be 1 to ${PAGE_MAX}`];
}

function isCount(value: number, min: number): boolean {
  return Number.isSafeInteger(value) && value >= min;
}
