import type { ApiKey } from './api-key.ts';
import type { Caller } from './keys.ts';
import type { AuditEntry, AuditedKey } from './ports.ts';

/** One change, as the audit log keeps it. `before` is null for a new key. */
export function auditEntry(
  action: AuditEntry['action'],
  caller: Omit<Caller, 'principal'>,
  { before, after, atMs }: { readonly before: ApiKey | null; readonly after: ApiKey; readonly atMs: number },
): AuditEntry {
  const { actor, address, requestId } = caller;
  return {
    atMs,
    action,
    actor,
    address,
    requestId,
    owner: after.owner,
    keyId: after.id,
    before: before && auditedKey(before),
    after: auditedKey(after),
  };
}

/** The digest stays out although it reveals nothing: who reads the log has no use for it. */
function auditedKey({ digest: _, lastUsedAtMs: __, ...shown }: ApiKey): AuditedKey {
  return shown;
}
