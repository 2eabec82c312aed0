import { create } from '@bufbuild/protobuf';
import { ChangedApiKeySchema, RevokeApiKeyRequestSchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { type Command, textOption } from './command.ts';
import { connectionHelp, URL_OPTION, withOneKey } from './connection.ts';
import { JSON_OPTION, jsonOf, printJson, propagationText, timeText, wantsJson } from './output.ts';

export const keysRevoke: Command = {
  positional: 'KEY_ID',
  options: {
    reason: { value: 'TEXT', doc: 'Why, for whoever looks at the key later: up to 200 characters.' },
    ...URL_OPTION,
    ...JSON_OPTION,
  },
  details: () => connectionHelp('keys revoke key_0001abcd0002efgh0003ij --reason "in a public repository"'),
  run: (context) =>
    withOneKey(context, async (client, keyId) => {
      const reason = textOption(context, 'reason');
      const revoked = await client.revoke(
        create(RevokeApiKeyRequestSchema, { keyId, ...(reason !== undefined && { reason }) }),
      );
      if (wantsJson(context)) return printJson(jsonOf(ChangedApiKeySchema, revoked));
      console.log(
        `Revoked ${keyId} at ${timeText(revoked.revokedAt)}. ${propagationText(revoked.propagation)}`,
      );
      return 0;
    }),
};
