import { hash } from 'node:crypto';

/** SHA-256 of the value's canonical JSON, in base64url: the same for requests that ask for the same. */
export function fingerprintOf(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'base64url');
}

/** JSON in which the order of the fields is always the same, and fields without a value are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
