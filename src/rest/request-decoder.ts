import { create, type DescMessage, type JsonObject } from '@bufbuild/protobuf';
import type { UndecodedField } from '../rpc/call.ts';
import { type DecodedRequest, decodeJson } from './decode-json.ts';
import { decodeRequest } from './decode-request.ts';
import { describeValue } from './describe-mismatch.ts';
import { type FieldPath, jsonFromText, placeValue, topFieldOf } from './field-path.ts';
import type { HttpBinding, PathVariable } from './http-binding.ts';
import { isJsonObject } from './json-fields.ts';
import type { NumberSources } from './json-number.ts';
import { parseBody, wrongBody } from './parse-body.ts';
import { decodeSegment, decodeSegments, NO_UTF8 } from './percent-encoding.ts';
import { bindQuery, type QueryBinding } from './query-binding.ts';
import { findUnknown } from './unknown-fields.ts';

/**
 * Makes the request message of a call from the path with its query, the path's segments as they were matched, and the
 * body. The body is undefined where the caller sent neither one nor a type for one.
 *
 * @throws Fault `INVALID_REQUEST` blaming the field `body` if it is not JSON, or not the object that it must be.
 */
export type RequestDecoder = (
  url: string,
  segments: readonly string[],
  body: Uint8Array | undefined,
) => DecodedRequest;

export function createRequestDecoder(schema: DescMessage, binding: HttpBinding): RequestDecoder {
  const { variables, body: bodyField, refusesUnknown } = binding;
  // The busiest calls are of this kind, and pay nothing for the others.
  if (bodyField === '*' && variables.length === 0 && !refusesUnknown)
    return (_url, _segments, body) =>
      body === undefined ? { message: create(schema), undecoded: [] } : decodeRequest(schema, body);

  const query: QueryBinding = { schema, refusesUnknown, sourceOf: (target) => sourceOf(target, binding) };
  return (url, segments, body) => {
    const { json, sources } = jsonFromBody(bodyField, body);
    const problems = refusesUnknown ? findUnknown(schema, json) : [];
    problems.push(...bindPath(binding, segments, json));
    problems.push(...bindQuery(query, queryOf(url), json));
    const { message, undecoded } = decodeJson(schema, json, sources);
    return { message, undecoded: [...problems, ...undecoded] };
  };
}

/** Every field that is in neither the path nor the body is a query parameter; with the body `*` none is left. */
function sourceOf(target: FieldPath, { variables, body }: HttpBinding): 'path' | 'body' | undefined {
  if (variables.some((variable) => variable.target.jsonPath === target.jsonPath)) return 'path';
  return body === '*' || body === topFieldOf(target) ? 'body' : undefined;
}

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}

/** The body as the JSON of the request, in which it may be but one field. */
function jsonFromBody(
  bodyField: HttpBinding['body'],
  body: Uint8Array | undefined,
): { json: JsonObject; sources: NumberSources | undefined } {
  if (bodyField === undefined || body === undefined) return { json: {}, sources: undefined };
  const { value, sources, source } = parseBody(body);
  if (bodyField === '*') {
    if (!isJsonObject(value)) throw wrongBody('must be a JSON object');
    return { json: value, sources };
  }
  const { jsonName } = bodyField;
  const json: JsonObject = { [jsonName]: value };
  if (source === undefined) return { json, sources };
  return { json, sources: new Map([[json, new Map([[jsonName, source]])]]) };
}

/**
 * Puts the variables of the path into the JSON of the request. By the specification a field of the path is none of the
 * body, so that one in the body is like any unknown field: ignored, or refused where the method has it so.
 */
function bindPath(
  { variables, refusesUnknown }: HttpBinding,
  segments: readonly string[],
  json: JsonObject,
): UndecodedField[] {
  const problems: UndecodedField[] = [];
  for (const variable of variables) {
    const { target } = variable;
    const text = textOf(variable, segments);
    const value = text === undefined ? undefined : jsonFromText(target.field, text);
    const field = target.jsonPath;
    if (value === undefined) {
      const message = text === undefined ? NO_UTF8 : describeValue(target.field, text);
      problems.push({ field, message, standIn: false });
    } else if (placeValue(json, target, value) && refusesUnknown) {
      problems.push({ field, message: 'must be sent in the path, not in the body', standIn: false });
    }
  }
  // A segment that is no variable's may still not be malformed.
  if (problems.length === 0 && segments.some((segment) => decodeSegment(segment) === undefined))
    problems.push({ field: 'path', message: NO_UTF8, standIn: false });
  return problems;
}

function textOf({ start, end, multiSegment }: PathVariable, segments: readonly string[]): string | undefined {
  return multiSegment ? decodeSegments(segments.slice(start, end)) : decodeSegment(segments[start] ?? '');
}
