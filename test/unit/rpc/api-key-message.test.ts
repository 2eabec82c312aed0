import { create, fromJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CreateApiKeyRequestSchema, IssuedApiKeySchema } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { createJsonEncoder } from '../../../src/rest/json-encoder.ts';
import { createInputFrom, issuedKeyMessage } from '../../../src/rpc/api-key-message.ts';
import { tokenAndKey } from '../../support/key-fixtures.ts';

function expiryOf(seconds: bigint, nanos: number): number | null {
  const request = create(CreateApiKeyRequestSchema, { name: 'x', expirationDate: { seconds, nanos } });
  return createInputFrom(request).expiresAtMs;
}

describe('the time at which a key is to end', () => {
  it('is cut to the millisecond, so that no key lives longer than was asked', () => {
    expect(expiryOf(4_102_444_800n, 1)).toBe(4_102_444_800_000);
    expect(expiryOf(4_102_444_800n, 999_999)).toBe(4_102_444_800_000);
    expect(expiryOf(4_102_444_800n, 1_999_999)).toBe(4_102_444_800_001);
  });

  it('can be the last moment that JSON can say, and is answered in JSON', () => {
    const asked = fromJson(CreateApiKeyRequestSchema, {
      name: 'x',
      expiration_date: '9999-12-31T23:59:59.999999999Z',
    });
    const { token, key } = tokenAndKey({ expiresAtMs: createInputFrom(asked).expiresAtMs });
    expect(createJsonEncoder(IssuedApiKeySchema)(issuedKeyMessage({ key, token }, 0))).toMatchObject({
      expiration_date: '9999-12-31T23:59:59.999Z',
    });
  });
});
