import { getOption, hasOption } from '@bufbuild/protobuf';
import { http } from '../../gen/google/api/annotations_pb.js';
import type { HttpRule } from '../../gen/google/api/http_pb.js';
import type { UnaryCall } from '../rpc/unary-call.ts';

/** One or more literal segments of unreserved characters (RFC 3986 §2.3). */
const LITERAL_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/**
 * The REST paths of the contract: what each method's (google.api.http) option says, additional bindings included.
 *
 * @throws Error at once for a rule that this door cannot serve, and for two methods at one path: better no server
 * than one whose API differs from its contract.
 */
export function createRouteTable(calls: readonly UnaryCall[]): ReadonlyMap<string, UnaryCall> {
  const routes = new Map<string, UnaryCall>();
  for (const call of calls) {
    for (const path of pathsOf(call)) {
      const other = routes.get(path);
      if (other) throw new Error(`POST ${path} leads to both ${other.route} and ${call.route}`);
      routes.set(path, call);
    }
  }
  return routes;
}

function pathsOf({ method, route }: UnaryCall): string[] {
  if (!hasOption(method, http)) return [];
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map((binding) => literalPath(binding, route));
}

function literalPath({ pattern, body, responseBody }: HttpRule, route: string): string {
  const refuse = (problem: string) => new Error(`${route}: the google.api.http rule ${problem}`);
  if (pattern.case !== 'post') throw refuse(`must be a post, not ${pattern.case ?? 'without a method'}`);
  if (!LITERAL_PATH.test(pattern.value)) throw refuse(`must have a literal path, not "${pattern.value}"`);
  if (body !== '*') throw refuse(`must take the whole request as its body ("*"), not "${body}"`);
  if (responseBody !== '') throw refuse(`must answer the whole response, not "${responseBody}"`);
  return pattern.value;
}
