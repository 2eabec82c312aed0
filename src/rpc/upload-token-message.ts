// Between the contract's messages of upload tokens and the keys room's nouns.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type {
  CreateUploadTokenRequest,
  CreateUploadTokenResponseSchema,
} from '../../gen/upload/v1/upload_token_pb.js';
import type { UploadTokenInput } from '../keys/upload-token-input.ts';
import type { IssuedUploadToken } from '../keys/upload-tokens.ts';
import { policyFrom } from './api-key-message.ts';
import { numberOf, unlessEmpty } from './message-values.ts';

export function uploadTokenInputFrom(request: CreateUploadTokenRequest): UploadTokenInput {
  const { actions, expiresIn, maxFiles, maxTotalSize, policy, origin } = request;
  return {
    actions: unlessEmpty(actions),
    ttlSeconds: expiresIn,
    maxFiles,
    maxTotalBytes: numberOf(maxTotalSize),
    policy: policy && policyFrom({ ...policy, maxExpirySeconds: policy.maxExpiry }),
    origin,
  };
}

export function uploadTokenMessage({ token, grant }: IssuedUploadToken) {
  return {
    token,
    tokenId: grant.id,
    expiresAt: timestampFromMs(grant.expiresAtMs),
  } satisfies MessageInitShape<typeof CreateUploadTokenResponseSchema>;
}
