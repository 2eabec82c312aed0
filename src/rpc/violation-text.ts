import { type DescField, getOption, type Message } from '@bufbuild/protobuf';
import { isReflectMessage, type Path, reflect } from '@bufbuild/protobuf/reflect';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { Violation } from '@bufbuild/protovalidate';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

const { IMPLICIT } = FeatureSet_FieldPresence;

const NO_CONTROL_CHARACTERS = 'must not contain control characters';
const HEADER_VALUE_TEXT =
  'must be a legal HTTP header value: visible ASCII characters, with spaces only between them';

/** What a `string.pattern` rule asks for, in words: a regular expression explains nothing to a caller. */
export const PATTERN_TEXTS: Readonly<Record<string, string>> = {
  'apikeys.v1.CreateApiKeyRequest.name': NO_CONTROL_CHARACTERS,
  'apikeys.v1.RevokeApiKeyRequest.reason': NO_CONTROL_CHARACTERS,
  'apikeys.v1.UpdateApiKeyRequest.name': NO_CONTROL_CHARACTERS,
  'upload.v1.CreateDownloadRequest.filename': NO_CONTROL_CHARACTERS,
  'upload.v1.CreateDownloadRequest.content_type': HEADER_VALUE_TEXT,
  'upload.v1.CreateUploadRequest.filename': NO_CONTROL_CHARACTERS,
  'upload.v1.CreateUploadRequest.content_type': HEADER_VALUE_TEXT,
  'upload.v1.CreateUploadRequest.cache_control': HEADER_VALUE_TEXT,
  'upload.v1.CreateUploadRequest.content_language': HEADER_VALUE_TEXT,
  'upload.v1.CreateUploadRequest.content_encoding': HEADER_VALUE_TEXT,
  'upload.v1.CreateS3UploadRequest.filename': NO_CONTROL_CHARACTERS,
  'upload.v1.CreateS3UploadRequest.content_type': HEADER_VALUE_TEXT,
  'upload.v1.CreateS3UploadRequest.cache_control': HEADER_VALUE_TEXT,
  'upload.v1.CreateS3UploadRequest.content_language': HEADER_VALUE_TEXT,
  'upload.v1.CreateS3UploadRequest.content_encoding': HEADER_VALUE_TEXT,
  'upload.v1.Encryption.kms_key_id': 'must consist of visible ASCII characters',
};

/** The rule that was broken, in words that finish the sentence "the field …". */
export function describeViolation(violation: Violation, message: Message): string {
  const field = violation.field.at(-1);
  if (field?.kind !== 'field') return violation.message;
  const text = describeRule(violation.ruleId, field, () => valueAt(violation.field, message));
  return text ?? violation.message;
}

function describeRule(ruleId: string, field: DescField, value: () => unknown): string | undefined {
  const { type } = getOption(field, fieldRules);
  switch (ruleId) {
    case 'required':
      return 'is required';
    case 'string.min_len':
      if (value() === '') return field.presence === IMPLICIT ? 'is required' : 'must not be empty';
      return type.case === 'string' ? `must be at least ${type.value.minLen} characters` : undefined;
    case 'string.max_len':
      return type.case === 'string' ? `must be at most ${type.value.maxLen} characters` : undefined;
    case 'string.pattern':
      return PATTERN_TEXTS[`${field.parent.typeName}.${field.name}`];
    case 'string.in':
      // Where left out is a choice too, nobody needs to be told to send nothing.
      return type.case === 'string'
        ? `must be one of ${type.value.in.filter(Boolean).join(', ')}`
        : undefined;
    case 'int32.gte_lte':
    case 'int64.gte_lte': {
      if (type.case !== 'int32' && type.case !== 'int64') return undefined;
      const { lessThan, greaterThan } = type.value;
      const actual = value();
      const isInteger = typeof actual === 'bigint' || typeof actual === 'number';
      const tooLarge = lessThan.value !== undefined && isInteger && actual > lessThan.value;
      return tooLarge ? `must be at most ${lessThan.value}` : `must be at least ${greaterThan.value}`;
    }
    default:
      return undefined;
  }
}

/** The value of a field at any depth; undefined for what lies in a list or a map. */
function valueAt(path: Path, message: Message): unknown {
  let value: unknown;
  for (const step of path) {
    if (step.kind !== 'field') return undefined;
    const holder = value === undefined ? reflect(step.parent, message) : value;
    if (!isReflectMessage(holder)) return undefined;
    value = holder.get(step);
  }
  return value;
}

/** A path as JSON clients know it: `owner.tags[2].name`, `labels["a b"]`. */
export function jsonPath(path: Path): string {
  return path.reduce((text, step) => {
    switch (step.kind) {
      case 'field':
        return text === '' ? step.jsonName : `${text}.${step.jsonName}`;
      case 'list_sub':
        return `${text}[${step.index}]`;
      case 'map_sub':
        return `${text}[${typeof step.key === 'string' ? JSON.stringify(step.key) : step.key}]`;
      default:
        return text === '' ? step.name : `${text}.${step.name}`;
    }
  }, '');
}
