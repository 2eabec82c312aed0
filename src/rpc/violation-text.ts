import { type DescField, getOption, type Message } from '@bufbuild/protobuf';
import { type Path, reflect } from '@bufbuild/protobuf/reflect';
import type { Violation } from '@bufbuild/protovalidate';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** What a `string.pattern` rule asks for, in words: a regular expression explains nothing to a caller. */
export const PATTERN_TEXTS: Readonly<Record<string, string>> = {
  'upload.v1.CreateS3UploadRequest.filename': 'must not contain control characters',
  'upload.v1.CreateS3UploadRequest.content_type':
    'must be a legal HTTP header value: visible ASCII characters, with spaces only between them',
};

/** The rule that was broken, in words that finish the sentence "the field …". */
export function describeViolation(violation: Violation, message: Message): string {
  const field = violation.field.at(-1);
  if (field?.kind !== 'field') return violation.message;
  const text = describeRule(violation.ruleId, field, () => fieldValue(field, violation.field, message));
  return text ?? violation.message;
}

function describeRule(ruleId: string, field: DescField, value: () => unknown): string | undefined {
  const { type } = getOption(field, fieldRules);
  switch (ruleId) {
    case 'required':
      return 'is required';
    case 'string.min_len':
      if (value() === '') return 'is required';
      return type.case === 'string' ? `must be at least ${type.value.minLen} characters` : undefined;
    case 'string.max_len':
      return type.case === 'string' ? `must be at most ${type.value.maxLen} characters` : undefined;
    case 'string.pattern':
      return PATTERN_TEXTS[`${field.parent.typeName}.${field.name}`];
    case 'int64.gte_lte': {
      if (type.case !== 'int64') return undefined;
      const { lessThan, greaterThan } = type.value;
      const actual = value();
      const tooLarge = lessThan.value !== undefined && typeof actual === 'bigint' && actual > lessThan.value;
      return tooLarge ? `must be at most ${lessThan.value}` : `must be at least ${greaterThan.value}`;
    }
    default:
      return undefined;
  }
}

/** The value of a field of the request itself; undefined for what lies deeper. */
function fieldValue(field: DescField, path: Path, message: Message): unknown {
  return path.length === 1 ? reflect(field.parent, message).get(field) : undefined;
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
