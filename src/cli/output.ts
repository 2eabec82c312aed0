// What the `keys` commands print.
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type { ApiKey, IssuedApiKey, KeyPolicy, RateLimit } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { createJsonEncoder } from '../rest/json-encoder.ts';
import { durationText, rateText, sizeText } from './amounts.ts';
import { type CommandContext, type CommandOptions, isOn } from './command.ts';
import { printable, printableJson } from './printable.ts';
import { sheet, table } from './table.ts';

export const JSON_OPTION = {
  json: { doc: 'Print JSON for programs instead of text for people.' },
} as const satisfies CommandOptions;

/** An answer about one key, whichever of the contract's messages it is. */
export type ShownKey = Omit<ApiKey, '$typeName' | '$unknown'>;

export function wantsJson(context: CommandContext): boolean {
  return isOn(context, 'json');
}

/** The message as the REST API answers it. */
export function jsonOf(schema: DescMessage, message: Message): unknown {
  return createJsonEncoder(schema)(message);
}

export function printJson(value: unknown): number {
  console.log(printableJson(value));
  return 0;
}

/** The secret alone, so that `$(presignd keys create …)` is the key; on the other stream, what has become of it. */
export function printIssued({ apiKey }: IssuedApiKey, ...notes: readonly string[]): number {
  console.log(printable(apiKey));
  for (const note of notes) console.error(printable(note));
  return 0;
}

export function keyTable(keys: readonly ShownKey[]): string {
  return table(
    ['ID', 'NAME', 'OWNER', 'STATUS', 'KEY', 'CREATED', 'EXPIRES', 'LAST USED'],
    keys.map((key) => [
      key.id,
      key.name,
      key.owner,
      key.status,
      `${key.keyPrefix}…`,
      timeText(key.createdAt),
      timeText(key.expirationDate),
      timeText(key.lastUsedAt),
    ]),
  );
}

/** Everything about one key, a line each. */
export function keySheet(key: ShownKey): string {
  return sheet([
    ['id', key.id],
    ['key', `${key.keyPrefix}…`],
    ['name', key.name],
    ['owner', key.owner],
    ['status', key.status],
    ['environment', key.environment],
    ['scopes', key.scopes.join(', ')],
    ...policyLines(key.policy),
    ...rateLines(key.rateLimit),
    ['created', timeText(key.createdAt)],
    ['expires', timeText(key.expirationDate)],
    ['last used', timeText(key.lastUsedAt)],
    ['revoked', key.revokedAt && timeText(key.revokedAt)],
    ['reason', key.revokeReason],
    ['replaces', key.rotatedFrom],
    ['replaced by', key.rotatedTo],
    ['overlap until', key.overlapEndsAt && timeText(key.overlapEndsAt)],
  ]);
}

/** UTC to the minute, or `never`. */
export function timeText(timestamp: Timestamp | undefined): string {
  return timestamp === undefined
    ? 'never'
    : `${timestampDate(timestamp).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** What a change that is made still has to do. */
export function propagationText(propagation: string): string {
  return propagation === 'pushed'
    ? 'Every server has been told.'
    : 'Every server learns it within a second of being able to read the store.';
}

type Line = readonly [name: string, value: string | undefined];

function policyLines(policy: KeyPolicy | undefined): Line[] {
  if (policy === undefined) return [['uploads', 'anything']];
  const { contentTypes, extensions, maxSize, maxExpirySeconds, keyPrefix, destinations } = policy;
  return [
    ['content types', listText(contentTypes)],
    ['extensions', listText(extensions)],
    ['largest file', maxSize === undefined ? undefined : sizeText(maxSize)],
    ['longest URL', maxExpirySeconds === undefined ? undefined : durationText(maxExpirySeconds)],
    ['object keys', keyPrefix === undefined ? undefined : `${keyPrefix}…`],
    ['destinations', listText(destinations)],
    ['overwriting', policy.allowOverwrite === false ? 'never' : undefined],
  ];
}

function rateLines(limit: RateLimit | undefined): Line[] {
  const { plan, requests, windowSeconds, bytesPerDay, bytesPerMonth } = limit ?? {};
  const own = requests !== undefined && windowSeconds !== undefined && rateText({ requests, windowSeconds });
  return [
    ['rate', own || (plan === undefined ? "the server's default plan" : `the plan ${plan}`)],
    ['bytes per day', bytesPerDay === undefined ? undefined : sizeText(bytesPerDay)],
    ['bytes per month', bytesPerMonth === undefined ? undefined : sizeText(bytesPerMonth)],
  ];
}

function listText(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join(', ');
}
