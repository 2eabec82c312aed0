// What a key record looks like in Redis, where strangers may write:
//
//     <version>|<JSON>|<MAC>
//
// The version stands in the clear so that a script can compare it. The JSON says until when the record may be used
// at all, so a copy that someone puts back later is worthless. What the MAC is good for says authenticated-text.ts.
import type { KeyObject } from 'node:crypto';
import type { KeyDigest, KeyPolicy, KeyRateLimit, KeyRecord, KeyStatus, Scope } from '../keys/api-key.ts';
import { createTextAuthenticator } from './authenticated-text.ts';

/** What the MAC of a message is bound to. Releases that run side by side have to agree on it, as on the channel. */
const CHANGE_CONTEXT = 'revoked';

/** Field names are short because every read pays for them. */
interface StoredRecord {
  readonly id: string;
  readonly o: string;
  readonly s: readonly Scope[];
  readonly st: KeyStatus;
  readonly exp: number | null;
  /** Policy and rate limit, left out where there is none. */
  readonly p?: KeyPolicy | undefined;
  readonly rl?: KeyRateLimit | undefined;
  /** Wall-clock milliseconds until which the record may be used. */
  readonly use: number;
}

export interface OpenedRecord {
  readonly record: KeyRecord;
  readonly usableUntilMs: number;
}

/** Seals and opens what is kept or sent under one key prefix. */
export interface Seal {
  sealRecord(digest: KeyDigest, record: KeyRecord, usableUntilMs: number): string;
  /** Undefined for anything that this seal did not make for this digest. */
  openRecord(digest: KeyDigest, value: string): OpenedRecord | undefined;
  /** The message that a key has this version now. */
  sealChange(digest: KeyDigest, version: number): string;
  openChange(message: string): { readonly digest: KeyDigest; readonly version: number } | undefined;
}

export function createSeal(cacheKey: KeyObject, prefix: string): Seal {
  // The contexts differ so that a sealed message can never pass for a record.
  const texts = createTextAuthenticator(cacheKey, prefix);

  return {
    sealRecord(digest, record, usableUntilMs) {
      const stored: StoredRecord = {
        id: record.id,
        o: record.owner,
        s: record.scopes,
        st: record.status,
        exp: record.expiresAtMs,
        p: record.policy ?? undefined,
        rl: record.rateLimit ?? undefined,
        use: usableUntilMs,
      };
      return texts.seal(digest, `${record.version}|${JSON.stringify(stored)}`);
    },
    openRecord(digest, value) {
      const payload = texts.open(digest, value);
      if (payload === undefined) return undefined;
      const bar = payload.indexOf('|');
      // The MAC proves that we wrote it, so its shape needs no check: another shape gets another prefix.
      const {
        id,
        o,
        s,
        st,
        exp,
        use,
        p = null,
        rl = null,
      } = JSON.parse(payload.slice(bar + 1)) as StoredRecord;
      const version = Number(payload.slice(0, bar));
      return {
        record: {
          id,
          owner: o,
          scopes: s,
          status: st,
          version,
          expiresAtMs: exp,
          policy: p,
          rateLimit: rl,
        },
        usableUntilMs: use,
      };
    },
    sealChange: (digest, version) => texts.seal(CHANGE_CONTEXT, `${digest}|${version}`),
    openChange(message) {
      const [digest, version] = texts.open(CHANGE_CONTEXT, message)?.split('|') ?? [];
      if (digest === undefined || version === undefined) return undefined;
      return { digest: digest as KeyDigest, version: Number(version) };
    },
  };
}
