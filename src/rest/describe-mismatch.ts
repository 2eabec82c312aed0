import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { valueTypeOf } from './json-fields.ts';

/** The types whose JSON is a string of a form of its own. */
const STRING_FORMS: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': 'must be a time such as 2030-01-31T23:59:59Z',
  'google.protobuf.Duration': 'must be a duration in seconds such as 3600s',
  'google.protobuf.FieldMask': 'must be names of fields, separated by commas',
};

/** What a field's JSON must be, without the names and types of the contract's insides. */
export function describeMismatch(field: DescField, value: unknown): string {
  if (field.fieldKind === 'list') return 'must be an array of values of the right type';
  if (field.fieldKind === 'map') return 'must be an object of values of the right type';
  return describeValue(field, value);
}

/** What one value of a field must be. */
export function describeValue(field: DescField, value: unknown): string {
  const { scalar, enum: enumeration } = valueTypeOf(field);
  if (enumeration !== undefined)
    return `must be one of ${enumeration.values.map(({ jsonName }) => jsonName).join(', ')}`;
  switch (scalar) {
    case undefined:
      return STRING_FORMS[field.message?.typeName ?? ''] ?? 'must be an object with fields of the right type';
    case ScalarType.STRING:
      // A lone surrogate is a string to JSON and to JavaScript, but no Unicode text.
      return typeof value === 'string' ? 'must be valid Unicode' : 'must be a string';
    case ScalarType.BOOL:
      return 'must be true or false';
    case ScalarType.BYTES:
      return 'must be a base64 string';
    default:
      return 'must be a number';
  }
}
