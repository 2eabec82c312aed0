import { type DescField, type DescMessage, getOption, hasOption } from '@bufbuild/protobuf';
import { access } from '../../gen/access/v1/access_pb.js';
import { http } from '../../gen/google/api/annotations_pb.js';
import type { HttpRule } from '../../gen/google/api/http_pb.js';
import type { UnaryCall } from '../rpc/unary-call.ts';
import { type FieldPath, resolveFieldPath } from './field-path.ts';
import { type PathTemplate, parsePathTemplate, type TemplateVariable } from './path-template.ts';

/** A variable of the path and the field that it fills. */
export interface PathVariable extends TemplateVariable {
  readonly target: FieldPath;
}

/** One way of calling a method over HTTP: where each field of its request comes from. */
export interface HttpBinding {
  /** Upper case; `*` for any. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  readonly variables: readonly PathVariable[];
  /** The field that is the body, `*` for all that are not in the path, or undefined: then no body is read. */
  readonly body: DescField | '*' | undefined;
  /** The field of the response that is the answer; undefined for the whole response. */
  readonly responseBody: DescField | undefined;
  /** The method refuses fields that it does not have. */
  readonly refusesUnknown: boolean;
}

/** RFC 9110 §5.6.2's token. */
const HTTP_METHOD = /^[\w!#$%&'*+.^`|~-]+$/;

/** Methods whose body has no meaning (RFC 9110 §9.3): clients cannot send one, or proxies drop it. */
const WITHOUT_BODY = ['GET', 'HEAD', 'DELETE'];

/**
 * What the (google.api.http) option of a method says, additional bindings included; empty without one.
 *
 * @throws Error naming the method for a rule that cannot be served as it stands: better no server than one whose API
 * differs from its contract.
 */
export function httpBindingsOf(call: UnaryCall): HttpBinding[] {
  if (!hasOption(call.method, http)) return [];
  const rule = getOption(call.method, http);
  return [rule, ...rule.additionalBindings].map((each) => {
    try {
      if (each !== rule && each.additionalBindings.length > 0)
        throw new Error('has additional bindings within an additional binding');
      return httpBinding(call, each);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new Error(`${call.route}: the google.api.http rule ${problem}`, { cause: error });
    }
  });
}

function httpBinding({ method }: UnaryCall, rule: HttpRule): HttpBinding {
  const { httpMethod, path } = patternOf(rule);
  const template = templateOf(path);
  const variables = template.variables.map((variable) => ({
    ...variable,
    target: variableTarget(method.input, variable.fieldPath),
  }));
  const paths = variables.map(({ target }) => target.jsonPath);
  const twice = paths.find((path, i) => paths.includes(path, i + 1));
  if (twice !== undefined) throw new Error(`has two variables for ${twice}`);
  const body = bodyOf(method.input, rule.body);
  if (body !== undefined && WITHOUT_BODY.includes(httpMethod))
    throw new Error(`maps a body, which ${httpMethod} has not`);
  if (variables.some(({ target }) => target.parents.length === 0 && target.field === body))
    throw new Error(`maps ${rule.body} to the path and to the body`);
  return {
    httpMethod,
    template,
    variables,
    body,
    responseBody: rule.responseBody === '' ? undefined : fieldOf(method.output, rule.responseBody),
    refusesUnknown: hasOption(method, access) && getOption(method, access).refuseUnknownFields,
  };
}

function patternOf({ pattern }: HttpRule): { httpMethod: string; path: string } {
  if (pattern.case === undefined) throw new Error('has no HTTP method and path');
  if (pattern.case !== 'custom') return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
  const { kind, path } = pattern.value;
  if (!HTTP_METHOD.test(kind)) throw new Error(`has the custom method "${kind}"`);
  return { httpMethod: kind, path };
}

function templateOf(path: string): PathTemplate {
  try {
    return parsePathTemplate(path);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(`has the path template "${path}", which ${problem}`, { cause: error });
  }
}

function bodyOf(input: DescMessage, body: string): HttpBinding['body'] {
  if (body === '') return undefined;
  return body === '*' ? '*' : fieldOf(input, body);
}

/** The field that a variable fills: it must hold one value that is no message. */
function variableTarget(input: DescMessage, names: readonly string[]): FieldPath {
  const target = resolveFieldPath(input, names);
  const refuse = (problem: string) => new Error(`has the variable ${names.join('.')}, which ${problem}`);
  if (typeof target === 'string') throw refuse(target);
  const isInContract = [...target.parents, target.field].every(({ name }, i) => name === names[i]);
  if (!isInContract) throw refuse('is not called by its name in the contract');
  const { fieldKind } = target.field;
  if (fieldKind === 'message') throw refuse('is a message');
  if (fieldKind === 'list' || fieldKind === 'map') throw refuse('is repeated');
  return target;
}

function fieldOf(schema: DescMessage, name: string): DescField {
  const field = schema.fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`names the field ${name}, which ${schema.typeName} does not have`);
  return field;
}
