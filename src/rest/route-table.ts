import type { HttpBinding } from './http-binding.ts';
import { createRouteTree, type PathMatch } from './route-tree.ts';

/** Something that is served at what a binding says. */
export interface Route {
  readonly binding: HttpBinding;
  /** `package.Service/Method`. */
  readonly name: string;
}

export interface RouteTable<T> {
  /** Paths that are templates without variables, and what matches each: a lookup instead of a search. */
  readonly literalPaths: ReadonlyMap<string, readonly PathMatch<T>[]>;
  /** What matches a path, the most specific template first; empty for none. */
  find(path: string): readonly PathMatch<T>[];
}

/** @throws Error naming both for two routes with the same HTTP method and templates that match the same paths. */
export function createRouteTable<T extends Route>(routes: readonly T[]): RouteTable<T> {
  const tree = createRouteTree<T>();
  for (const route of routes) {
    const { httpMethod, template } = route.binding;
    const there = tree.routesAt(template);
    const rival = there.find(({ binding }) => binding.httpMethod === httpMethod);
    if (rival !== undefined) {
      const { text } = rival.binding.template;
      const as = text === template.text ? '' : ` (as ${text})`;
      throw new Error(`${httpMethod} ${template.text} leads to both ${rival.name}${as} and ${route.name}`);
    }
    there.push(route);
  }
  const literals = routes
    .map(({ binding }) => binding.template)
    .filter(({ segments }) => segments.every(({ kind }) => kind === 'literal'));
  return { literalPaths: new Map(literals.map(({ text }) => [text, tree.find(text)])), find: tree.find };
}

/**
 * The route for an HTTP method: its own, else GET's for HEAD (RFC 9110 §9.3.2), else one for any method. Undefined where
 * the path does not take the method.
 */
export function routeFor<T extends Route>(routes: readonly T[], httpMethod: string): T | undefined {
  for (const route of routes) if (route.binding.httpMethod === httpMethod) return route;
  if (httpMethod === 'HEAD') for (const route of routes) if (route.binding.httpMethod === 'GET') return route;
  for (const route of routes) if (route.binding.httpMethod === '*') return route;
  return undefined;
}

/** The order of HTTP methods in `Allow`; any others follow. */
const USUAL_ORDER = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The value of `Allow`: every method that a path takes, through whichever template. */
export function allowOf(matches: readonly PathMatch<Route>[]): string {
  const taken = new Set(matches.flatMap(({ routes }) => routes.map(({ binding }) => binding.httpMethod)));
  if (taken.has('GET')) taken.add('HEAD');
  const usual = USUAL_ORDER.filter((method) => taken.has(method));
  return [...usual, ...[...taken].filter((method) => !USUAL_ORDER.includes(method))].join(', ');
}
