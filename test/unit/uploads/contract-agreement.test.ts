import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyPolicySchema } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { CreateS3UploadRequestSchema } from '../../../gen/upload/v1/upload_service_pb.js';
import { Fault } from '../../../src/fault/fault.ts';
import { checkPolicy } from '../../../src/keys/policy-input.ts';
import { decidePut } from '../../../src/uploads/decide.ts';
import { KEY_PREFIX_MAX_BYTES, SINGLE_PUT_MAX_BYTES } from '../../../src/uploads/upload.ts';
import { placeWith } from '../../support/upload-option-cases.ts';

const REQUEST = { filename: 'John Doe', contentType: 'example_string', size: 42n };
const PRINCIPAL = { keyId: 'key_1', owner: 'acme', scopes: [], policy: null, rateLimit: null };
const CONTEXT = { nowMs: 0, uuid: '019b7c01-0400-7000-8000-000000000000' };

const validator = createValidator();

function passesContract(change: MessageInitShape<typeof CreateS3UploadRequestSchema>): boolean {
  const message = create(CreateS3UploadRequestSchema, { ...REQUEST, ...change });
  return validator.validate(CreateS3UploadRequestSchema, message).kind === 'valid';
}

function passesDecision({ contentType = REQUEST.contentType, size = REQUEST.size }): boolean {
  const request = { filename: REQUEST.filename, contentType, sizeBytes: Number(size) };
  return !(decidePut(request, placeWith(), PRINCIPAL, CONTEXT) instanceof Fault);
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

  it('keep the same room for the prefix of a key’s policy', () => {
    for (const length of [KEY_PREFIX_MAX_BYTES, KEY_PREFIX_MAX_BYTES + 1]) {
      const message = create(KeyPolicySchema, { keyPrefix: 'p'.repeat(length) });
      expect(validator.validate(KeyPolicySchema, message).kind === 'valid').toBe(
        length === KEY_PREFIX_MAX_BYTES,
      );
    }
  });
});

/** A prefix that a key was given and the decision does not take would turn every upload of that key into a 500. */
describe('the policies of keys and the decision', () => {
  it('take the same prefixes', () => {
    const piece = fc.constantFrom('a', 'B9', '.', '..', '...', '_-', '/', 'ä', ' ', 'p'.repeat(198));
    let taken = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const { value, fields } = checkPolicy({ objectKeyPrefix: pieces.join('') });
        const decided = () =>
          decidePut(
            { filename: 'a', contentType: 'a/b', sizeBytes: 1 },
            placeWith(),
            { ...PRINCIPAL, policy: value },
            CONTEXT,
          );
        if (fields.length > 0) expect(decided).toThrow(RangeError);
        else expect(decided()).not.toBeInstanceOf(Fault);
        taken += fields.length === 0 ? 1 : 0;
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});
