import { Fault } from '../fault/fault.ts';
import type { Batches } from '../flow/batches.ts';
import type { Door, HttpHandler, HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { UnaryCall } from '../rpc/unary-call.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { sendFault } from './envelope.ts';
import { type HttpBinding, httpBindingsOf } from './http-binding.ts';
import { allowOf, createRouteTable, type Route, routeFor } from './route-table.ts';
import type { PathMatch } from './route-tree.ts';
import { createServeCall, type ServeCall } from './serve-call.ts';

export interface RestDoorDeps {
  readonly calls: readonly UnaryCall[];
  /** Where a request on a REST path goes that says it speaks the Connect protocol. */
  readonly rpcDoor: Door;
  /** Left out: each call is worked on as soon as it is there. */
  readonly batches?: Batches | undefined;
}

interface ServedRoute extends Route {
  readonly serve: ServeCall;
  /** The same method over Connect, where a request looks the same in both. */
  readonly connect: HttpHandler | undefined;
}

/**
 * Plain JSON over HTTP for every method with a google.api.http rule, through the same chain and implementations as
 * RPC. It works on Node's request and response themselves: a unary call needs none of the streams, signals and
 * header objects that cost most of a call in connect's handlers.
 *
 * @throws Error for a rule that cannot be served, and for two methods at one path.
 */
export function createRestDoor({ calls, rpcDoor, batches }: RestDoorDeps): Door {
  const routes = calls.flatMap((call) =>
    httpBindingsOf(call).map((binding): ServedRoute => {
      const connect = rpcDoor.match(`/${call.route}`);
      if (connect === undefined) throw new Error(`${call.route} is not served as an RPC`);
      return {
        binding,
        name: call.route,
        serve: createServeCall(call, binding, batches),
        connect: looksLikeConnect(binding) ? connect : undefined,
      };
    }),
  );
  const table = createRouteTable(routes);
  const literals = new Map(
    [...table.literalPaths].map(([path, matches]) => [path, createPathHandler(matches)]),
  );
  return {
    match: (path) => {
      const handler = literals.get(path);
      if (handler !== undefined) return handler;
      const matches = table.find(path);
      return matches.length === 0 ? undefined : createPathHandler(matches);
    },
  };
}

/** A Connect request is a POST whose body is the whole message. With a variable in the path it would miss a field. */
function looksLikeConnect({ httpMethod, body, variables }: HttpBinding): boolean {
  return httpMethod === 'POST' && body === '*' && variables.length === 0;
}

function createPathHandler(matches: readonly PathMatch<ServedRoute>[]): HttpHandler {
  return (request, response, record) => {
    const speaksConnect = request.headers['connect-protocol-version'] !== undefined;
    for (const { routes, segments } of matches) {
      const route = routeFor(routes, request.method ?? '');
      if (route === undefined) continue;
      if (speaksConnect && route.connect !== undefined) return route.connect(request, response, record);
      return route.serve(request, response, record, segments);
    }
    const routes = matches.flatMap((match) => match.routes);
    const connect = speaksConnect ? routes.find((route) => route.connect !== undefined)?.connect : undefined;
    if (connect !== undefined) connect(request, response, record);
    else refuseMethod(matches, request, response, record);
  };
}

function refuseMethod(
  matches: readonly PathMatch<ServedRoute>[],
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
): void {
  const routes = matches.flatMap((match) => match.routes);
  const names = new Set(routes.map(({ name }) => name));
  // A path of several methods is known by its template, for none of them was called.
  record.route = (names.size === 1 ? routes[0]?.name : routes[0]?.binding.template.text) ?? record.route;
  record.protocol = 'rest';
  response.setHeader('allow', allowOf(matches));
  sendFault(request, response, record, new Fault('METHOD_NOT_ALLOWED'));
}
