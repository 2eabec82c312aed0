// The buf.validate rules that a few comparisons can check, compiled from the contract.
import { type DescMessage, isFieldSet, type Message } from '@bufbuild/protobuf';
import {
  type FieldRules,
  FieldRulesSchema,
  type Int32Rules,
  Int32RulesSchema,
  type Int64Rules,
  Int64RulesSchema,
  MapRulesSchema,
  RepeatedRulesSchema,
  type StringRules,
  StringRulesSchema,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** True for a value that surely keeps its rules; false for one that breaks them, or may. */
export type SureCheck = (value: unknown) => boolean;

/** As protovalidate's option: whether a text matches the pattern. */
type RegexMatch = (pattern: string, text: string) => boolean;

/** The check of one string or integer by its rules, or undefined where there is one that is not plain. */
export function plainCheck(rules: FieldRules, regexMatch: RegexMatch): SureCheck | undefined {
  const { type } = rules;
  if (!hasOnly(FieldRulesSchema, rules, ['required', 'string', 'int32', 'int64'])) return undefined;
  if (type.case === 'string') return stringCheck(type.value, regexMatch);
  if (type.case === 'int32' || type.case === 'int64') return rangeCheck(type.value);
  return type.case === undefined ? () => true : undefined;
}

/** Whether a list or a map without entries keeps its rules. */
export function admitsNone(rules: FieldRules): boolean {
  const { required, type } = rules;
  if (required || !hasOnly(FieldRulesSchema, rules, ['required', 'repeated', 'map'])) return false;
  if (type.case === 'repeated') return hasOnly(RepeatedRulesSchema, type.value, ['max_items', 'items']);
  if (type.case === 'map') return hasOnly(MapRulesSchema, type.value, ['max_pairs', 'keys', 'values']);
  return type.case === undefined;
}

/** Whether a value is bound to nothing, or to no more than being there. */
export function isFree(rules: FieldRules): boolean {
  return hasOnly(FieldRulesSchema, rules, ['required']);
}

/** Whether of all rules of this kind at most those named are set. */
function hasOnly(schema: DescMessage, rules: Message, names: readonly string[]): boolean {
  if (rules.$unknown !== undefined && rules.$unknown.length > 0) return false;
  return schema.fields.every((field) => names.includes(field.name) || !isFieldSet(rules, field));
}

function stringCheck(rules: StringRules, regexMatch: RegexMatch): SureCheck | undefined {
  if (!hasOnly(StringRulesSchema, rules, ['min_len', 'max_len', 'pattern', 'in'])) return undefined;
  const set = (name: 'minLen' | 'maxLen' | 'pattern') => isFieldSet(rules, StringRulesSchema.field[name]);
  // Rules count characters, a text its UTF-16 units: at most two for a character.
  const minUnits = set('minLen') ? Math.max(0, 2 * Number(rules.minLen) - 1) : 0;
  const maxUnits = set('maxLen') ? Number(rules.maxLen) : Number.POSITIVE_INFINITY;
  const pattern = set('pattern') ? rules.pattern : undefined;
  const among = rules.in.length > 0 ? rules.in : undefined;
  return (value) =>
    typeof value === 'string' &&
    value.length >= minUnits &&
    value.length <= maxUnits &&
    (pattern === undefined || regexMatch(pattern, value)) &&
    (among === undefined || among.includes(value));
}

function rangeCheck(rules: Int32Rules | Int64Rules): SureCheck | undefined {
  const schema = rules.$typeName === 'buf.validate.Int32Rules' ? Int32RulesSchema : Int64RulesSchema;
  if (!hasOnly(schema, rules, ['gte', 'lte'])) return undefined;
  const { greaterThan, lessThan } = rules;
  const { value: min = Number.NEGATIVE_INFINITY } = greaterThan;
  const { value: max = Number.POSITIVE_INFINITY } = lessThan;
  // Limits in this order would mean all but what lies between.
  if (min > max) return undefined;
  return (value) => (typeof value === 'number' || typeof value === 'bigint') && value >= min && value <= max;
}
