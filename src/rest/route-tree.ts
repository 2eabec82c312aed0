import type { PathTemplate, TemplateSegment } from './path-template.ts';
import { decodeSegment } from './percent-encoding.ts';

/** A template that matches a path, with everything that is served there. */
export interface PathMatch<T> {
  readonly routes: readonly T[];
  /** The path's segments as they were sent, the verb cut off. */
  readonly segments: readonly string[];
}

export interface RouteTree<T> {
  /** The routes of all templates that match the same paths as this one: a place to add another. */
  routesAt(template: PathTemplate): T[];
  /** Every template that matches, the most specific one first: at each segment text wins over `*`, and `*` over `**`. */
  find(path: string): PathMatch<T>[];
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  one: Node<T> | undefined;
  many: Node<T> | undefined;
  /** What ends here, by verb. */
  readonly ends: Map<string, T[]>;
}

/** Matches paths against any number of templates in one walk along their segments. */
export function createRouteTree<T>(): RouteTree<T> {
  const root = createNode<T>();
  const verbs = new Set<string>();
  return {
    routesAt: ({ segments, verb }) => {
      let node = root;
      for (const segment of segments) node = childOf(node, segment);
      const routes = node.ends.get(verb) ?? [];
      node.ends.set(verb, routes);
      if (verb !== '') verbs.add(verb);
      return routes;
    },
    find: (path) => {
      if (!path.startsWith('/')) return [];
      const matches: PathMatch<T>[] = [];
      const segments = path.slice(1).split('/');
      const { rest, verb } = splitVerb(segments.at(-1) ?? '');
      if (verbs.has(verb)) collect(root, [...segments.slice(0, -1), rest], verb, matches);
      collect(root, segments, '', matches);
      return matches;
    },
  };
}

function createNode<T>(): Node<T> {
  return { literals: new Map(), one: undefined, many: undefined, ends: new Map() };
}

function childOf<T>(node: Node<T>, segment: TemplateSegment): Node<T> {
  const known = segment.kind === 'literal' ? node.literals.get(segment.text) : node[segment.kind];
  if (known !== undefined) return known;
  const child = createNode<T>();
  if (segment.kind === 'literal') node.literals.set(segment.text, child);
  else node[segment.kind] = child;
  return child;
}

/** A verb is whatever follows the last colon. One that is percent-encoded is part of the segment. */
function splitVerb(last: string): { rest: string; verb: string } {
  const at = last.lastIndexOf(':');
  if (at === -1) return { rest: last, verb: '' };
  return { rest: last.slice(0, at), verb: decodeSegment(last.slice(at + 1)) ?? '' };
}

/** Goes down every branch that fits, which are at most as many as the tree has nodes. */
function collect<T>(
  node: Node<T>,
  segments: readonly string[],
  verb: string,
  matches: PathMatch<T>[],
  at = 0,
): void {
  const segment = segments[at];
  if (segment === undefined) {
    add(node.ends.get(verb), segments, matches);
  } else if (segment !== '') {
    const literal = node.literals.get(decodeSegment(segment) ?? '');
    if (literal !== undefined) collect(literal, segments, verb, matches, at + 1);
    if (node.one !== undefined) collect(node.one, segments, verb, matches, at + 1);
  }
  add(node.many?.ends.get(verb), segments, matches);
}

function add<T>(
  routes: readonly T[] | undefined,
  segments: readonly string[],
  matches: PathMatch<T>[],
): void {
  if (routes !== undefined) matches.push({ routes, segments });
}
