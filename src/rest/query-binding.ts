import type { DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt';
import type { UndecodedField } from '../rpc/call.ts';
import { describeValue } from './describe-mismatch.ts';
import { type FieldPath, jsonFromText, placeValue, resolveFieldPath } from './field-path.ts';
import { NESTING_LIMIT } from './json-fields.ts';
import { decodeQueryText, NO_UTF8 } from './percent-encoding.ts';
import { UNKNOWN_FIELD } from './unknown-fields.ts';

/** Types without a form that a single text could have. */
const WITHOUT_TEXT = ['Any', 'Struct', 'Value', 'ListValue'].map((name) => `google.protobuf.${name}`);

export interface QueryBinding {
  readonly schema: DescMessage;
  /** Where a field comes from instead, if it is no query parameter. */
  readonly sourceOf: (target: FieldPath) => 'path' | 'body' | undefined;
  readonly refusesUnknown: boolean;
}

interface Parameter {
  /** Decoded, as the text is; undefined where that is impossible. */
  readonly name: string | undefined;
  readonly text: string | undefined;
}

/** A field that parameters name, with their texts in the order in which they came. */
interface Named {
  readonly target: FieldPath;
  readonly texts: (string | undefined)[];
}

/**
 * Puts the parameters of a query into the JSON of the request, as ProtoJSON of the fields that they name, and answers
 * what cannot be put there. Parameters that name no field are ignored or refused, as the method has it.
 */
export function bindQuery(binding: QueryBinding, query: string, json: JsonObject): UndecodedField[] {
  const problems: UndecodedField[] = [];
  const fields = new Map<string, Named>();
  for (const { name, text } of parseQuery(query)) {
    const target = name === undefined ? undefined : targetNamed(binding.schema, name);
    const source = target === undefined ? undefined : binding.sourceOf(target);
    if (target === undefined || source !== undefined) {
      const message =
        source === undefined ? UNKNOWN_FIELD : `must be sent in the ${source}, not in the query`;
      if (binding.refusesUnknown) problems.push({ field: name ?? 'query', message, standIn: false });
      continue;
    }
    const named = fields.get(target.jsonPath) ?? { target, texts: [] };
    named.texts.push(text);
    fields.set(target.jsonPath, named);
  }
  for (const { target, texts } of fields.values()) {
    const problem = placeTexts(json, target, texts);
    if (problem !== undefined) problems.push({ field: target.jsonPath, message: problem, standIn: false });
  }
  return problems;
}

function parseQuery(query: string): Parameter[] {
  const parameters = query.split('&').filter((parameter) => parameter !== '');
  return parameters.map((parameter) => {
    const at = parameter.indexOf('=');
    if (at === -1) return { name: decodeQueryText(parameter), text: '' };
    return { name: decodeQueryText(parameter.slice(0, at)), text: decodeQueryText(parameter.slice(at + 1)) };
  });
}

function targetNamed(schema: DescMessage, name: string): FieldPath | undefined {
  const names = name.split('.', NESTING_LIMIT + 1);
  const target = names.length > NESTING_LIMIT ? '' : resolveFieldPath(schema, names);
  return typeof target !== 'string' && takesText(target.field) ? target : undefined;
}

/** Whether each of a field's values is one text. Repeated messages and maps cannot be parameters at all. */
function takesText({ fieldKind, message }: DescField): boolean {
  if (fieldKind === 'map') return false;
  if (message === undefined) return true;
  const hasText = hasCustomJsonRepresentation(message) && !WITHOUT_TEXT.includes(message.typeName);
  return fieldKind === 'message' && hasText;
}

/** What is wrong with a field's texts, or undefined: then they stand in the JSON. */
function placeTexts(
  json: JsonObject,
  target: FieldPath,
  texts: readonly (string | undefined)[],
): string | undefined {
  const { field } = target;
  const isList = field.fieldKind === 'list';
  if (!isList && texts.length > 1) return 'must be given only once';
  const values: JsonValue[] = [];
  for (const text of texts) {
    if (text === undefined) return NO_UTF8;
    const value = jsonFromText(field, text);
    if (value === undefined) return describeValue(field, text);
    values.push(value);
  }
  const [first = null] = values;
  placeValue(json, target, isList ? values : first);
  return undefined;
}
