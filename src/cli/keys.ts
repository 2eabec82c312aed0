import { loadSettings } from '../config/load-settings.ts';
import { type ApiKey, SCOPES, type Scope } from '../keys/api-key.ts';
import type { CreateKeyInput } from '../keys/key-input.ts';
import type { Keys } from '../keys/keys.ts';
import { type Command, type CommandContext, textOption, UsageError } from './command.ts';
import { expiryFromText } from './expiry.ts';
import { table } from './table.ts';

const JSON_OPTION = { json: { doc: 'Print JSON for programs instead of text for people.' } } as const;

const LIST_PAGE_SIZE = 1_000;

/** How long a command waits for Redis, which lets running servers know at once. They learn it within a second anyway. */
const REDIS_WAIT_MS = 500;

export const keysCreate: Command = {
  name: 'keys create',
  summary: 'Make an API key and print its secret, this once.',
  options: {
    name: { value: 'NAME', doc: 'What the key is for, 1 to 100 characters. Required.' },
    owner: { value: 'OWNER', doc: 'Who the key belongs to. Part of every object key. [default]' },
    expires: {
      value: 'WHEN',
      field: 'expiration_date',
      doc: 'A duration such as 30d, or an RFC 3339 time. Without it, never.',
    },
    scopes: { value: 'A,B', doc: `What the key may do, of ${SCOPES.join(', ')}. [uploads:create]` },
    test: { doc: 'Make a pse_test_ key, which people can tell from one for production.' },
    ...JSON_OPTION,
  },
  run: async (context) => {
    const input = createInputFrom(context);
    return withKeys(async (keys) => {
      const { key, token } = await keys.create(input);
      if (wantsJson(context)) return printJson({ ...publicKey(key), api_key: token });
      console.log(token);
      // On the other stream, so that `$(presignd keys create …)` is the key alone.
      console.error(`Made ${key.id} for ${key.owner}. The secret above is not kept anywhere: store it now.`);
      return 0;
    });
  },
};

export const keysList: Command = {
  name: 'keys list',
  summary: 'List the API keys, newest first.',
  options: { owner: { value: 'OWNER', doc: 'Only the keys of this owner.' }, ...JSON_OPTION },
  run: (context) =>
    withKeys(async (keys) => {
      const all = await listAll(keys, textOption(context, 'owner'));
      if (wantsJson(context)) return printJson(all.map(publicKey));
      const rows = all.map((key) => [
        key.id,
        key.name,
        key.owner,
        statusOf(key, Date.now()),
        `${key.start}…${key.end}`,
        timeText(key.createdAtMs),
        timeText(key.expiresAtMs),
      ]);
      console.log(table(['ID', 'NAME', 'OWNER', 'STATUS', 'KEY', 'CREATED', 'EXPIRES'], rows));
      return 0;
    }),
};

export const keysRevoke: Command = {
  name: 'keys revoke',
  summary: 'Revoke an API key. It stops working everywhere within a second, and for good.',
  positional: 'KEY_ID',
  options: { ...JSON_OPTION },
  run: async (context) => {
    const [id, ...others] = context.positionals;
    if (id === undefined || others.length > 0) throw new UsageError('Name exactly one KEY_ID.');
    return withKeys(async (keys) => {
      const revoked = await keys.revoke(id);
      if (revoked === undefined) {
        console.error(`There is no key ${id}. \`presignd keys list\` shows the keys.`);
        return 1;
      }
      if (wantsJson(context))
        return printJson({ ...publicKey(revoked.key), propagation: revoked.propagation });
      console.log(`Revoked ${id} at ${timeText(revoked.key.revokedAtMs)}.`);
      return 0;
    });
  },
};

async function withKeys(work: (keys: Keys) => Promise<number>): Promise<number> {
  const { openKeyRooms } = await import('../open-keys.ts');
  await using rooms = await openKeyRooms(loadSettings());
  await rooms.sharedReady(REDIS_WAIT_MS);
  // Awaited here: while the rooms close, a rejection that nobody waits for would end the process.
  return await work(rooms.manage());
}

function createInputFrom(context: CommandContext): CreateKeyInput {
  const name = textOption(context, 'name');
  if (name === undefined) throw new UsageError('--name is missing.');
  return {
    name,
    owner: textOption(context, 'owner'),
    environment: context.values['test'] === true ? 'test' : 'live',
    scopes: scopesFromText(textOption(context, 'scopes') ?? 'uploads:create'),
    expiresAtMs: expiryFromText(textOption(context, 'expires'), Date.now()),
  };
}

async function listAll(keys: Keys, owner: string | undefined): Promise<ApiKey[]> {
  const all: ApiKey[] = [];
  for (let total = 1; all.length < total; ) {
    const page = await keys.list({ offset: all.length, limit: LIST_PAGE_SIZE, ...(owner && { owner }) });
    if (page.keys.length === 0) break;
    all.push(...page.keys);
    total = page.total;
  }
  return all;
}

function scopesFromText(text: string): Scope[] {
  return text.split(',').map((part) => {
    const scope = SCOPES.find((known) => known === part.trim());
    if (scope === undefined)
      throw new UsageError(`"${part.trim()}" is not a scope. Scopes: ${SCOPES.join(', ')}`);
    return scope;
  });
}

/** A key in the shape of the HTTP API. */
function publicKey(key: ApiKey) {
  return {
    id: key.id,
    key_prefix: key.start,
    name: key.name,
    owner: key.owner,
    scopes: key.scopes,
    status: statusOf(key, Date.now()),
    expiration_date: isoOrNull(key.expiresAtMs),
    created_at: isoOrNull(key.createdAtMs),
    revoked_at: isoOrNull(key.revokedAtMs),
  };
}

function statusOf(key: ApiKey, nowMs: number): string {
  return key.status === 'active' && key.expiresAtMs !== null && key.expiresAtMs <= nowMs
    ? 'expired'
    : key.status;
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function timeText(ms: number | null): string {
  return ms === null ? 'never' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

function wantsJson(context: CommandContext): boolean {
  return context.values['json'] === true;
}

function printJson(value: unknown): number {
  console.log(JSON.stringify(value, null, 2));
  return 0;
}
