import { create, getOption } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { CreateS3UploadRequestSchema, UploadService } from '../../../gen/upload/v1/upload_service_pb.js';
import { createPatternMatcher } from '../../../src/rpc/pattern.ts';
import { PATTERN_TEXTS } from '../../../src/rpc/violation-text.ts';

const patternFields = [...UploadService.methods, ...ApiKeyService.methods]
  .flatMap(({ input }) => input.fields)
  .flatMap((field) => [field, ...(field.message?.fields ?? [])])
  .filter((field) => {
    const { type } = getOption(field, fieldRules);
    return type.case === 'string' && type.value.pattern !== '';
  });

describe('patterns of the contract', () => {
  it('mean the same to RegExp as to RE2, for which protovalidate defines them', () => {
    const re2 = createValidator();
    const regExp = createValidator({ regexMatch: createPatternMatcher() });
    const unit = fc.oneof(
      fc.constantFrom(
        ' ',
        '\t',
        '\n',
        '\r',
        '\0',
        '\x1f',
        '~',
        '\x7f',
        '\x80',
        '\x9f',
        '\xa0',
        '\u2028',
        '🐈',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }),
    );
    const text = fc.array(unit, { maxLength: 8 }).map((units) => units.join(''));
    fc.assert(
      fc.property(text, text, (filename, contentType) => {
        const message = create(CreateS3UploadRequestSchema, { filename, contentType, size: 1n });
        const rulesBroken = (validator: typeof re2) =>
          validator
            .validate(CreateS3UploadRequestSchema, message)
            .violations?.map(({ ruleId, field }) => [ruleId, field]);
        expect(rulesBroken(regExp)).toEqual(rulesBroken(re2));
      }),
      { numRuns: 300 },
    );
  });

  it('are each explained in words', () => {
    // A message that several requests hold comes several times.
    const names = new Set(patternFields.map((field) => `${field.parent.typeName}.${field.name}`));
    expect([...names].sort()).toEqual(Object.keys(PATTERN_TEXTS).sort());
  });
});
