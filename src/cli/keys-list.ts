import { create } from '@bufbuild/protobuf';
import {
  type ApiKey,
  ApiKeySchema,
  ListApiKeysRequestSchema,
} from '../../gen/apikeys/v1/api_key_service_pb.js';
import { SHOWN_STATUSES, type ShownStatus } from '../keys/api-key.ts';
import { type Command, countOption, readOption } from './command.ts';
import { connectionHelp, OWNER_NOTE, URL_OPTION, withKeyClient } from './connection.ts';
import type { KeyClient } from './key-client.ts';
import { JSON_OPTION, jsonOf, keyTable, printJson, wantsJson } from './output.ts';

/** The most that the API gives at once. */
const PER_PAGE = 100;

export const keysList: Command = {
  options: {
    owner: { value: 'OWNER', doc: `Only the keys of this owner. ${OWNER_NOTE}` },
    status: { value: 'STATUS', doc: `Only keys that are ${SHOWN_STATUSES.join(', ')}.` },
    limit: { value: 'N', doc: 'The newest N only. [all]' },
    ...URL_OPTION,
    ...JSON_OPTION,
  },
  details: () =>
    connectionHelp('keys list --status active', 'keys list --url http://127.0.0.1:8080 --limit 20'),
  run: async (context) => {
    const status = readOption(context, 'status', SHOWN_STATUSES.join(', '), (text) =>
      SHOWN_STATUSES.find((known) => known === text),
    );
    const limit = countOption(context, 'limit') ?? Number.POSITIVE_INFINITY;
    return withKeyClient(context, async (client) => {
      const keys = await listKeys(client, status, limit);
      if (wantsJson(context)) return printJson(keys.map((key) => jsonOf(ApiKeySchema, key)));
      if (keys.length > 0) console.log(keyTable(keys));
      else console.error('There are no such keys.');
      return 0;
    });
  },
};

/** By their ids: a key that is made meanwhile moves others to the next page, where they come again. */
async function listKeys(
  client: KeyClient,
  status: ShownStatus | undefined,
  limit: number,
): Promise<ApiKey[]> {
  const found = new Map<string, ApiKey>();
  for (let page = 1; found.size < limit; page++) {
    const request = create(ListApiKeysRequestSchema, { page, perPage: PER_PAGE, status: status ?? '' });
    const { apiKeys, pagination } = await client.list(request);
    const known = found.size;
    for (const key of apiKeys) found.set(key.id, key);
    // Nothing new: whatever the server says of its pages, there is no end to them.
    if (page >= (pagination?.pages ?? 0) || found.size === known) break;
  }
  return [...found.values()].slice(0, limit);
}
