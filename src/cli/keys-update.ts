import { create } from '@bufbuild/protobuf';
import {
  ChangedApiKeySchema,
  KeyPolicySchema,
  RateLimitSchema,
  type UpdateApiKeyRequest,
  UpdateApiKeyRequestSchema,
} from '../../gen/apikeys/v1/api_key_service_pb.js';
import { SCOPES } from '../keys/api-key.ts';
import {
  type Command,
  type CommandContext,
  isOn,
  listOption,
  refuseBoth,
  textOption,
  UsageError,
} from './command.ts';
import { connectionHelp, URL_OPTION, withOneKey } from './connection.ts';
import type { KeyClient } from './key-client.ts';
import { JSON_OPTION, jsonOf, keySheet, printJson, propagationText, wantsJson } from './output.ts';
import { POLICY_OPTIONS, policyFromOptions, RATE_OPTIONS, rateLimitFromOptions } from './policy-options.ts';

export const keysUpdate: Command = {
  positional: 'KEY_ID',
  options: {
    name: { value: 'NAME', doc: 'What the key is for, 1 to 100 characters.' },
    scopes: { value: 'A,B', doc: `All that the key may do, of ${SCOPES.join(', ')}.` },
    disable: { field: 'disabled', doc: 'Refuse the key until it is enabled again.' },
    enable: { doc: 'Accept a disabled key again.' },
    ...POLICY_OPTIONS,
    overwrite: { doc: 'An upload may replace an object that exists.' },
    'any-policy': { doc: 'Lift every rule of the policy but those that are named beside it.' },
    ...RATE_OPTIONS,
    'default-rate': {
      doc: "Go back to the server's default plan, without byte quotas but those that are named beside it.",
    },
    ...URL_OPTION,
    ...JSON_OPTION,
  },
  details: () =>
    connectionHelp(
      'keys update key_0001abcd0002efgh0003ij --disable',
      'keys update key_0001abcd0002efgh0003ij --any-policy --max-size 10MB',
    ),
  run: async (context) => {
    for (const [one, other] of EXCLUSIVE) refuseBoth(context, one, other);
    const change = changeFrom(context);
    return withOneKey(context, async (client, keyId) => {
      const changed = await client.update(await change(client, keyId));
      if (wantsJson(context)) return printJson(jsonOf(ChangedApiKeySchema, changed));
      console.log(keySheet(changed));
      console.error(`Changed. ${propagationText(changed.propagation)}`);
      return 0;
    });
  },
};

const EXCLUSIVE = [
  ['disable', 'enable'],
  ['overwrite', 'no-overwrite'],
] as const;

type Change = (client: KeyClient, keyId: string) => Promise<UpdateApiKeyRequest>;

/**
 * What the options ask for. The API replaces a policy as a whole, which would silently lift the rules that are not
 * named, so they are looked up first.
 */
function changeFrom(context: CommandContext): Change {
  const name = textOption(context, 'name');
  const scopes = listOption(context, 'scopes') ?? [];
  const disabled = isOn(context, 'disable') || (isOn(context, 'enable') ? false : undefined);
  const anyPolicy = isOn(context, 'any-policy');
  const defaultRate = isOn(context, 'default-rate');
  const rules = policyFromOptions(context);
  const limits = rateLimitFromOptions(context);
  const isNothing = [name, disabled, rules, limits].every((part) => part === undefined);
  if (isNothing && scopes.length === 0 && !anyPolicy && !defaultRate) {
    throw new UsageError('Say what to change.');
  }
  const buildsOn = (rules !== undefined && !anyPolicy) || (limits !== undefined && !defaultRate);
  return async (client, keyId) => {
    const current = buildsOn ? await client.get(keyId) : undefined;
    const policy = anyPolicy
      ? (rules ?? create(KeyPolicySchema))
      : policyFromOptions(context, current?.policy);
    const rateLimit = defaultRate
      ? (limits ?? create(RateLimitSchema))
      : rateLimitFromOptions(context, current?.rateLimit);
    return create(UpdateApiKeyRequestSchema, {
      keyId,
      scopes,
      ...(name !== undefined && { name }),
      ...(disabled !== undefined && { disabled }),
      ...(policy && { policy }),
      ...(rateLimit && { rateLimit }),
    });
  };
}
