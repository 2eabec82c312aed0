import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ApiKeyService, CreateApiKeyRequestSchema } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { type Call, contextOf, type UndecodedField } from '../../../src/rpc/call.ts';
import { LeanRequest } from '../../../src/rpc/lean-request.ts';
import { createValidation } from '../../../src/rpc/validate.ts';
import { faultOf } from '../../support/faults.ts';

const next = () => expect.fail('a bad request went through');

function requestWith(
  undecoded: readonly UndecodedField[],
  fields: MessageInitShape<typeof CreateApiKeyRequestSchema> = {},
) {
  const call: Pick<Call, 'undecoded'> = { undecoded };
  const message = create(CreateApiKeyRequestSchema, { name: 'x', ...fields });
  return new LeanRequest(ApiKeyService.method.createApiKey, message, contextOf(call as Call), {
    protocolName: 'rest',
    requestMethod: 'POST',
    url: '',
    requestHeader: () => new Headers(),
    signal: () => new AbortController().signal,
    timeoutMs: () => undefined,
  });
}

describe('a request with problems without end', () => {
  it('is told of so many that the answer stays small', async () => {
    const undecoded = Array.from({ length: 5_000 }, (_, n) => ({
      field: `unknown${n}`,
      message: 'is not a field of this request',
      standIn: false,
    }));
    const fault = await faultOf(() =>
      createValidation([ApiKeyService]).interceptor(next)(requestWith(undecoded)),
    );
    expect(fault).toMatchObject({ reason: 'INVALID_REQUEST' });
    expect(fault.fields).toHaveLength(100);
  });
});

describe('a number within a message of the request', () => {
  it.each<[string, string, MessageInitShape<typeof CreateApiKeyRequestSchema>]>([
    ['policy.max_size', 'must be at most 53687091200000', { policy: { maxSize: 53_687_091_200_001n } }],
    ['policy.max_size', 'must be at least 0', { policy: { maxSize: -1n } }],
    [
      'rate_limit.bytes_per_day',
      'must be at most 9007199254740991',
      { rateLimit: { bytesPerDay: 2n ** 53n } },
    ],
  ])('%s %s, whichever limit it breaks', async (field, message, fields) => {
    const fault = await faultOf(() =>
      createValidation([ApiKeyService]).interceptor(next)(requestWith([], fields)),
    );
    expect(fault.fields).toEqual([{ field, message }]);
  });
});
