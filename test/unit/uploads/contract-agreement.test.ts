import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, it } from 'vitest';
import { CreateS3UploadRequestSchema } from '../../../gen/upload/v1/upload_service_pb.js';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { Fault } from '../../../src/fault/fault.ts';
import { decidePut } from '../../../src/uploads/decide.ts';
import { parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';
import { SINGLE_PUT_MAX_BYTES } from '../../../src/uploads/upload.ts';

const REQUEST = { filename: 'John Doe', contentType: 'example_string', size: 42n };
const POLICY = { ttlSeconds: 900, template: parseObjectKeyTemplate(loadSettings({}).objectKeyTemplate) };
const PRINCIPAL = { keyId: 'key_1', owner: 'acme', scopes: [] };
const CONTEXT = { nowMs: 0, uuid: '019b7c01-0400-7000-8000-000000000000' };

const validator = createValidator();

function passesContract(change: MessageInitShape<typeof CreateS3UploadRequestSchema>): boolean {
  const message = create(CreateS3UploadRequestSchema, { ...REQUEST, ...change });
  return validator.validate(CreateS3UploadRequestSchema, message).kind === 'valid';
}

function passesDecision({ contentType = REQUEST.contentType, size = REQUEST.size }): boolean {
  const request = { filename: REQUEST.filename, contentType, sizeBytes: Number(size) };
  return !(decidePut(request, POLICY, PRINCIPAL, CONTEXT) instanceof Fault);
}

/** The decision repeats rules of the contract as a last defence; were it stricter, callers would meet rules unheard of. */
describe('the contract and the decision', () => {
  it('take the same content types', () => {
    const contentTypes = ['', ' ', 'a b', ' a', 'a '];
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      contentTypes.push(character, `${character}a`, `a${character}`, `a${character}a`);
    }
    for (const contentType of contentTypes) {
      expect([contentType, passesDecision({ contentType })]).toEqual([
        contentType,
        passesContract({ contentType }),
      ]);
    }
  });

  it('draw the same line for the size', () => {
    const largest = BigInt(SINGLE_PUT_MAX_BYTES);
    for (const size of [-1n, 0n, 1n, largest - 1n, largest, largest + 1n]) {
      expect([size, passesDecision({ size })]).toEqual([size, passesContract({ size })]);
    }
  });
});
