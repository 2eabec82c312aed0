import type {
  ApiKey,
  ChangedApiKey,
  CreateApiKeyRequest,
  IssuedApiKey,
  ListApiKeysRequest,
  ListApiKeysResponse,
  RevokeApiKeyRequest,
  RotateApiKeyRequest,
  UpdateApiKeyRequest,
} from '../../gen/apikeys/v1/api_key_service_pb.js';

/**
 * What the `keys` commands work on: the store itself, or a server. It speaks the contract's messages, so that a command
 * prints the same whichever it is. Every method rejects with an error whose message may be printed: a Fault (such as
 * API_KEY_NOT_FOUND) where a request was understood and refused, or another Error.
 */
export interface KeyClient {
  create(request: CreateApiKeyRequest): Promise<IssuedApiKey>;
  list(request: ListApiKeysRequest): Promise<ListApiKeysResponse>;
  get(keyId: string): Promise<ApiKey>;
  update(request: UpdateApiKeyRequest): Promise<ChangedApiKey>;
  revoke(request: RevokeApiKeyRequest): Promise<ChangedApiKey>;
  rotate(request: RotateApiKeyRequest): Promise<IssuedApiKey>;
}
