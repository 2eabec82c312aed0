// How a `keys` command reaches the keys: in the store, which it opens itself, or through a server.
import { API_KEY_VARIABLE, loadApiKey, loadSettings } from '../config/load-settings.ts';
import { url } from '../config/value-types.ts';
import { Fault } from '../fault/fault.ts';
import { TOKEN_LENGTH, TOKEN_PATTERN } from '../keys/token.ts';
import type { KeyRooms } from '../open-keys.ts';
import { type CommandContext, type CommandOptions, readOption, textOption, UsageError } from './command.ts';
import { createHttpKeyClient } from './http-key-client.ts';
import type { KeyClient } from './key-client.ts';
import { createStoreKeyClient } from './store-key-client.ts';

/** How long a command waits for Redis, which lets running servers know at once. They learn it within a second anyway. */
const REDIS_WAIT_MS = 500;

const SERVER_TIMEOUT_MS = 10_000;

export const URL_OPTION = {
  url: { value: 'URL', doc: `Ask the server there, with the API key in ${API_KEY_VARIABLE}.` },
} as const satisfies CommandOptions;

export const OWNER_NOTE = 'Not with --url, where the owner is that of the calling key.';

/** Below the options of every command that works both ways. */
export function connectionHelp(...examples: readonly string[]): string {
  return [
    'Without --url, the command works on the store that DATABASE_URL names, as its operator. With --url, it calls',
    `that server with the API key in ${API_KEY_VARIABLE}, or in the file that ${API_KEY_VARIABLE}_FILE names; that key`,
    'needs the scope keys:write for changes and keys:read to look.',
    ...examplesHelp(...examples),
  ].join('\n');
}

export function examplesHelp(...examples: readonly string[]): string[] {
  return ['', 'Examples:', '', ...examples.map((example) => `  presignd ${example}`)];
}

export async function withKeyClient(
  context: CommandContext,
  work: (client: KeyClient) => Promise<number>,
): Promise<number> {
  const owner = textOption(context, 'owner');
  const baseUrl = readOption(context, 'url', 'such as http://127.0.0.1:8080', serverUrlFrom);
  if (baseUrl === undefined) {
    return withKeyRooms((rooms) =>
      work(createStoreKeyClient({ keys: rooms.manage(), owner, wallClockMs: Date.now })),
    );
  }
  if (owner !== undefined) {
    throw new UsageError(`--owner and --url exclude each other. ${OWNER_NOTE}`);
  }
  const apiKey = loadApiKey().reveal();
  if (!new RegExp(`^${TOKEN_PATTERN}$`).test(apiKey)) {
    throw new UsageError(
      `${API_KEY_VARIABLE} is not an API key: those have ${TOKEN_LENGTH} characters, the first pse_live_1 or pse_test_1.`,
    );
  }
  return work(createHttpKeyClient({ baseUrl, apiKey, timeoutMs: SERVER_TIMEOUT_MS }));
}

/** For what is done to one key, named by the only positional. */
export async function withOneKey(
  context: CommandContext,
  work: (client: KeyClient, keyId: string) => Promise<number>,
): Promise<number> {
  const keyId = keyIdFrom(context);
  try {
    return await withKeyClient(context, (client) => work(client, keyId));
  } catch (error) {
    if (!(error instanceof Fault) || error.reason !== 'API_KEY_NOT_FOUND') throw error;
    console.error(`There is no key ${keyId}. \`presignd keys list\` shows the keys.`);
    return 1;
  }
}

/** For what needs the store itself. */
export async function withKeyRooms(work: (rooms: KeyRooms) => Promise<number>): Promise<number> {
  const { openKeyRooms } = await import('../open-keys.ts');
  await using rooms = await openKeyRooms(loadSettings());
  await rooms.sharedReady(REDIS_WAIT_MS);
  // Awaited here: while the rooms close, a rejection that nobody waits for would end the process.
  return await work(rooms);
}

function keyIdFrom({ positionals }: CommandContext): string {
  const [keyId, ...others] = positionals;
  if (keyId === undefined || others.length > 0) throw new UsageError('Name exactly one KEY_ID.');
  // It would end up in addresses, logs and the history of the shell.
  if (new RegExp(TOKEN_PATTERN).test(keyId)) {
    throw new UsageError(
      'That is an API key itself. Name it by its id, which `presignd keys list` shows beside its first characters.',
    );
  }
  return keyId;
}

function serverUrlFrom(text: string): string | undefined {
  try {
    const value = url('http', 'https').read(text);
    const { username, password } = new URL(value);
    return username === '' && password === '' ? value : undefined;
  } catch {
    return undefined;
  }
}
