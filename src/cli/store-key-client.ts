import { create } from '@bufbuild/protobuf';
import { ApiKeySchema, ListApiKeysResponseSchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import type { Caller, Keys } from '../keys/keys.ts';
import {
  apiKeyMessage,
  changedKeyMessage,
  createInputFrom,
  issuedKeyMessage,
  keyListMessage,
  listInputFrom,
  overlapMsFrom,
  updateInputFrom,
} from '../rpc/api-key-message.ts';
import type { KeyClient } from './key-client.ts';

export interface StoreKeyClientDeps {
  readonly keys: Keys;
  /** Whose keys are made and listed. Undefined: made for the default owner, listed for all. */
  readonly owner: string | undefined;
  readonly wallClockMs: () => number;
}

/** Whoever can open the store may do everything in it. */
export const OPERATOR: Caller = { principal: undefined, actor: 'cli', address: '', requestId: '' };

/** A client of the store that this process has opened. */
export function createStoreKeyClient({ keys, owner, wallClockMs }: StoreKeyClientDeps): KeyClient {
  return {
    create: async (request) =>
      issuedKeyMessage(await keys.create({ ...createInputFrom(request), owner }, OPERATOR), wallClockMs()),

    list: async (request) => {
      const found = await keys.list({ ...listInputFrom(request), owner }, OPERATOR);
      return create(ListApiKeysResponseSchema, keyListMessage(request, found, wallClockMs()));
    },

    get: async (keyId) => create(ApiKeySchema, apiKeyMessage(await keys.get(keyId, OPERATOR), wallClockMs())),

    update: async (request) =>
      changedKeyMessage(await keys.update(request.keyId, updateInputFrom(request), OPERATOR), wallClockMs()),

    revoke: async ({ keyId, reason }) =>
      changedKeyMessage(await keys.revoke(keyId, reason, OPERATOR), wallClockMs()),

    rotate: async ({ keyId, overlap }) =>
      issuedKeyMessage(await keys.rotate(keyId, overlapMsFrom(overlap), OPERATOR), wallClockMs()),
  };
}
