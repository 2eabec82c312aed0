import { ApiKeySchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import type { Command } from './command.ts';
import { connectionHelp, URL_OPTION, withOneKey } from './connection.ts';
import { JSON_OPTION, jsonOf, keySheet, printJson, wantsJson } from './output.ts';

export const keysShow: Command = {
  positional: 'KEY_ID',
  options: { ...URL_OPTION, ...JSON_OPTION },
  details: () => connectionHelp('keys show key_0001abcd0002efgh0003ij'),
  run: (context) =>
    withOneKey(context, async (client, keyId) => {
      const key = await client.get(keyId);
      if (wantsJson(context)) return printJson(jsonOf(ApiKeySchema, key));
      console.log(keySheet(key));
      return 0;
    }),
};
