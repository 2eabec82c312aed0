import { create } from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import { IssuedApiKeySchema, RotateApiKeyRequestSchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { secondsFromText } from './amounts.ts';
import { type Command, type CommandContext, readOption } from './command.ts';
import { connectionHelp, URL_OPTION, withOneKey } from './connection.ts';
import { JSON_OPTION, jsonOf, printIssued, printJson, timeText, wantsJson } from './output.ts';

export const keysRotate: Command = {
  positional: 'KEY_ID',
  options: {
    overlap: { value: 'DURATION', doc: 'How long the replaced key goes on working, 0s to 30d. [24h]' },
    ...URL_OPTION,
    ...JSON_OPTION,
  },
  details: () =>
    connectionHelp(
      'keys rotate key_0001abcd0002efgh0003ij',
      'keys rotate key_0001abcd0002efgh0003ij --overlap 0s',
    ),
  run: async (context) => {
    const overlap = overlapFrom(context);
    return withOneKey(context, async (client, keyId) => {
      const issued = await client.rotate(
        create(RotateApiKeyRequestSchema, { keyId, ...(overlap && { overlap }) }),
      );
      if (wantsJson(context)) return printJson(jsonOf(IssuedApiKeySchema, issued));
      const isEnded = overlap?.seconds === 0n;
      return printIssued(
        issued,
        `Made ${issued.id}, which replaces ${keyId}. The secret above is not kept anywhere: store it now.`,
        `${keyId} ${isEnded ? 'is revoked' : `works until ${timeText(issued.overlapEndsAt)} at the most`}.`,
      );
    });
  },
};

function overlapFrom(context: CommandContext): Duration | undefined {
  const expected = 'a duration of whole seconds such as 24h or 0s';
  const seconds = readOption(context, 'overlap', expected, secondsFromText);
  return seconds === undefined ? undefined : create(DurationSchema, { seconds: BigInt(seconds) });
}
