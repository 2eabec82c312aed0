import { create } from '@bufbuild/protobuf';
import { CreateApiKeyRequestSchema, IssuedApiKeySchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { SCOPES } from '../keys/api-key.ts';
import { type Command, type CommandContext, isOn, listOption, textOption, UsageError } from './command.ts';
import { connectionHelp, OWNER_NOTE, URL_OPTION, withKeyClient } from './connection.ts';
import { expiryOption } from './expiry.ts';
import { JSON_OPTION, jsonOf, printIssued, printJson, wantsJson } from './output.ts';
import { POLICY_OPTIONS, policyFromOptions, RATE_OPTIONS, rateLimitFromOptions } from './policy-options.ts';

export const keysCreate: Command = {
  options: {
    name: { value: 'NAME', doc: 'What the key is for, 1 to 100 characters. Required.' },
    owner: {
      value: 'OWNER',
      doc: `Whom the key acts for. Part of every object key. ${OWNER_NOTE} [default]`,
    },
    expires: {
      value: 'WHEN',
      field: 'expiration_date',
      doc: 'A duration such as 30d, or an RFC 3339 time. Without it, never.',
    },
    scopes: { value: 'A,B', doc: `What the key may do, of ${SCOPES.join(', ')}. [uploads:create]` },
    test: { doc: 'Make a pse_test_ key, which people can tell from one for production.' },
    ...POLICY_OPTIONS,
    ...RATE_OPTIONS,
    ...URL_OPTION,
    ...JSON_OPTION,
  },
  details: () =>
    connectionHelp(
      'keys create --name "image service" --owner images --expires 365d',
      'keys create --name avatars --content-types "image/*" --max-size 5MB --rate 100/1m',
    ),
  run: async (context) => {
    const request = requestFrom(context);
    return withKeyClient(context, async (client) => {
      const issued = await client.create(request);
      if (wantsJson(context)) return printJson(jsonOf(IssuedApiKeySchema, issued));
      return printIssued(
        issued,
        `Made ${issued.id} for ${issued.owner}. The secret above is not kept anywhere: store it now.`,
      );
    });
  },
};

function requestFrom(context: CommandContext) {
  const name = textOption(context, 'name');
  if (name === undefined) throw new UsageError('--name is missing.');
  const expirationDate = expiryOption(context, Date.now());
  const policy = policyFromOptions(context);
  const rateLimit = rateLimitFromOptions(context);
  return create(CreateApiKeyRequestSchema, {
    name,
    environment: isOn(context, 'test') ? 'test' : 'live',
    scopes: listOption(context, 'scopes') ?? [],
    ...(expirationDate && { expirationDate }),
    ...(policy && { policy }),
    ...(rateLimit && { rateLimit }),
  });
}
