import { create, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HealthCheckResponseSchema } from '../../../gen/grpc/health/v1/health_pb.js';
import { CreateS3UploadResponseSchema } from '../../../gen/upload/v1/upload_service_pb.js';
import { createJsonEncoder } from '../../../src/rest/json-encoder.ts';

const encode = createJsonEncoder(CreateS3UploadResponseSchema);

const text = fc.string({ unit: 'binary' });

const responses = fc
  .record(
    {
      uploadUrl: text,
      publicUrl: text,
      fileKey: text,
      method: text,
      headers: fc.dictionary(text, text),
      expiresAt: fc.record({
        seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
        nanos: fc.constantFrom(0, 0, 1, 5_000_000, 999_999_999),
      }),
    },
    { requiredKeys: [] },
  )
  .map((init) => create(CreateS3UploadResponseSchema, init));

describe('createJsonEncoder', () => {
  it('writes exactly what protobuf-es writes, byte for byte', () => {
    fc.assert(
      fc.property(responses, (message) => {
        const stock = toJson(CreateS3UploadResponseSchema, message, { alwaysEmitImplicit: true });
        expect(JSON.stringify(encode(message))).toBe(JSON.stringify(stock));
      }),
    );
  });

  it('leaves messages with other kinds of fields to protobuf-es', () => {
    const message = create(HealthCheckResponseSchema, { status: 1 });
    expect(createJsonEncoder(HealthCheckResponseSchema)(message)).toEqual({ status: 'SERVING' });
  });

  it('refuses a time that ProtoJSON cannot write', () => {
    const message = create(CreateS3UploadResponseSchema, { expiresAt: { seconds: 253_402_300_800n } });
    expect(() => encode(message)).toThrow(/Timestamp/);
  });
});
