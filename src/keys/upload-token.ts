// What an upload token looks like: `pse_upl_1` and a sealed text. Everything that it allows is in it, so that reading
// one asks nobody.
import type { Sealer } from '../seal/sealer.ts';
import type { KeyDigest, KeyPolicy, TokenAction, UploadTokenGrant } from './api-key.ts';

/** The digit is the version of what is sealed: whatever changes there gets another one. */
const PREFIX = 'pse_upl_1';
const SEAL_CONTEXT = 'upload-token';

/** The longest token, in characters: it has to fit into a header, next to everything else that browsers send. */
export const UPLOAD_TOKEN_MAX_LENGTH = 2048;

/** Source of a regular expression that finds upload tokens in text, for redaction and secret scanners. */
export const UPLOAD_TOKEN_PATTERN = `${PREFIX}[0-9A-Za-z_-]+`;

/** What an upload token says: the key that it belongs to, and what it narrows that down to. */
export interface UploadTokenContent {
  readonly digest: KeyDigest;
  readonly grant: UploadTokenGrant;
}

/** Names are short, and what is not restricted is left out, because every call carries all this. */
interface SealedContent {
  readonly k: KeyDigest;
  readonly i: string;
  readonly a: readonly TokenAction[];
  /** Unix seconds. */
  readonly e: number;
  readonly f: number;
  readonly b?: number | undefined;
  readonly p?: KeyPolicy | undefined;
  readonly o?: string | undefined;
}

/** The token, or undefined where it would be longer than 2048 characters. */
export function sealUploadToken({ digest, grant }: UploadTokenContent, sealer: Sealer): string | undefined {
  const content: SealedContent = {
    k: digest,
    i: grant.id,
    a: grant.actions,
    e: grant.expiresAtMs / 1_000,
    f: grant.maxFiles,
    b: grant.maxTotalBytes ?? undefined,
    p: grant.policy ?? undefined,
    o: grant.origin ?? undefined,
  };
  const payload = Buffer.from(JSON.stringify(content));
  // A sealer throws for payloads that are far too long.
  if (payload.length > UPLOAD_TOKEN_MAX_LENGTH) return undefined;
  const token = PREFIX + sealer.seal(payload, SEAL_CONTEXT);
  return token.length <= UPLOAD_TOKEN_MAX_LENGTH ? token : undefined;
}

/** What the token says, also where it has expired; undefined for anything that was not sealed here. No I/O. */
export function openUploadToken(token: string, sealer: Sealer): UploadTokenContent | undefined {
  if (!looksLikeUploadToken(token) || token.length > UPLOAD_TOKEN_MAX_LENGTH) return undefined;
  const payload = sealer.open(token.slice(PREFIX.length), SEAL_CONTEXT);
  if (payload === undefined) return undefined;
  // The seal proves that we wrote it, so its shape needs no check: another shape gets another prefix.
  const { k, i, a, e, f, b, p, o } = JSON.parse(Buffer.from(payload).toString()) as SealedContent;
  return {
    digest: k,
    grant: {
      id: i,
      actions: a,
      expiresAtMs: e * 1_000,
      maxFiles: f,
      maxTotalBytes: b ?? null,
      policy: p ?? null,
      origin: o ?? null,
    },
  };
}

export function looksLikeUploadToken(token: string): boolean {
  return token.startsWith(PREFIX);
}
