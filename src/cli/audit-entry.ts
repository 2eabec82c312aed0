// The audit log as people and programs read it.
import { create, type JsonObject } from '@bufbuild/protobuf';
import { ApiKeySchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import type { AuditedKey, AuditRecord } from '../keys/ports.ts';
import { createJsonEncoder } from '../rest/json-encoder.ts';
import { apiKeyMessage } from '../rpc/api-key-message.ts';
import { table } from './table.ts';

const encodeKey = createJsonEncoder(ApiKeySchema);

/** What is the same in every entry about a key, or follows from what else is shown. */
const UNTOLD = ['id', 'owner', 'key_prefix', 'created_at', 'environment', 'revoked_at', 'overlap_ends_at'];

/** One record with the keys in the shape of the API, before and after. */
export function auditJson(record: AuditRecord) {
  const { seq, atMs, actor, action, owner, keyId, address, requestId, before, after } = record;
  return {
    seq,
    time: new Date(atMs).toISOString(),
    actor,
    action,
    owner,
    key_id: keyId,
    address,
    request_id: requestId,
    before: before === null ? null : keyJson(before, atMs),
    after: keyJson(after, atMs),
  };
}

export function auditTable(records: readonly AuditRecord[]): string {
  return table(
    ['TIME', 'ACTOR', 'ACTION', 'KEY', 'CHANGE', 'ADDRESS'],
    records.map((record) => {
      const { time, actor, action, key_id, before, after, address } = auditJson(record);
      const shownTime = `${time.slice(0, 19).replace('T', ' ')}Z`;
      return [shownTime, actor, action, key_id, changeText(before, after), address];
    }),
  );
}

/** As the key was at that moment. When it was last used is not part of a change. */
function keyJson(key: AuditedKey, atMs: number): JsonObject {
  const message = create(ApiKeySchema, apiKeyMessage({ ...key, lastUsedAtMs: null }, atMs));
  const { last_used_at: _, ...json } = encodeKey(message) as JsonObject;
  return json;
}

/** The fields that differ, such as `name a → b, policy.max_size – → 5`; of a new key, what it was given. */
function changeText(before: JsonObject | null, after: JsonObject): string {
  const from = textsOf(before ?? {});
  const to = textsOf(after);
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((name) => from.get(name) !== to.get(name))
    .map((name) =>
      before === null
        ? `${name} ${to.get(name)}`
        : `${name} ${from.get(name) ?? '–'} → ${to.get(name) ?? '–'}`,
    )
    .join(', ');
}

/** What is set of a key, its policy and its limits by the names of their fields. */
function textsOf(json: JsonObject, prefix = ''): ReadonlyMap<string, string> {
  const entries = Object.entries(json).flatMap(([name, value]): (readonly [string, string])[] => {
    if (value === null || (prefix === '' && UNTOLD.includes(name))) return [];
    if (Array.isArray(value)) return value.length === 0 ? [] : [[prefix + name, value.join('+')]];
    if (typeof value === 'object') return [...textsOf(value, `${name}.`)];
    return [[prefix + name, typeof value === 'string' ? shortTime(value) : String(value)]];
  });
  return new Map(entries);
}

/** A time to the minute; any other text as it is. */
function shortTime(text: string): string {
  return text.replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}(?:\.\d+)?Z$/, '$1 $2Z');
}
