import { decodeSegment } from './percent-encoding.ts';

/** One segment of a template: certain text, any one segment, or any number of them. */
export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' };

/** The part of a path that becomes the value of a field. */
export interface TemplateVariable {
  /** Names of fields, from the request message downwards. */
  readonly fieldPath: readonly string[];
  /** Its first segment. */
  readonly start: number;
  /** The segment after its last one; undefined where it reaches to the end of the path. */
  readonly end: number | undefined;
  /** Whether it stands for several segments by its form, whatever a path holds: slashes are then part of the value. */
  readonly multiSegment: boolean;
}

/** A path template of google.api.http, such as `/v1/{name=users/*}/files/{id}:copy`. */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** What follows the colon after the last segment; empty for none. */
  readonly verb: string;
}

/** RFC 3986 §3.3's characters of a segment. `*` is among them, but stands for something here. */
const LITERAL = /^(?:[\w.~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2})+$/;

const FIELD_PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;

/** The colon that separates the verb is the last one of the last segment, and never inside braces. */
const VERB = /:((?:[\w.~!$&'()+,;=@-]|%[0-9A-Fa-f]{2})+)$/;

/** A variable or a segment, up to the slash that follows it or the end. */
const PIECE = /(?:\{([^{}=]*)(?:=([^{}]*))?\}|([^/{}]+))(?:\/(?=.)|$)/y;

/**
 * Parses a template by the grammar in google/api/http.proto.
 *
 * @throws Error with the rest of the sentence "the path template …" for one that the grammar does not allow.
 */
export function parsePathTemplate(text: string): PathTemplate {
  if (!text.startsWith('/')) throw new Error('must begin with a slash');
  if (text.endsWith(':')) throw new Error('ends with a colon without a verb');
  const verb = VERB.exec(text)?.[1];
  const path = verb === undefined ? text : text.slice(0, -verb.length - 1);
  const segments: TemplateSegment[] = [];
  const variables: TemplateVariable[] = [];
  for (const { name, pattern } of piecesOf(path)) {
    const own = pattern.split('/').map(parseSegment);
    const start = segments.push(...own) - own.length;
    if (name === undefined) continue;
    if (!FIELD_PATH.test(name)) throw new Error(`has the variable "${name}", which is no field path`);
    const many = own.some(({ kind }) => kind === 'many');
    variables.push({
      fieldPath: name.split('.'),
      start,
      end: many ? undefined : start + own.length,
      multiSegment: many || own.length > 1,
    });
  }
  if (segments.slice(0, -1).some(({ kind }) => kind === 'many'))
    throw new Error('has ** before the end of the path');
  return { text, segments, variables, verb: verb === undefined ? '' : decodeLiteral(verb) };
}

function piecesOf(path: string): { name: string | undefined; pattern: string }[] {
  const pieces: { name: string | undefined; pattern: string }[] = [];
  for (let at = 1; at < path.length || at === 1; ) {
    PIECE.lastIndex = at;
    const match = PIECE.exec(path);
    if (match === null) throw new Error(`cannot be understood from "${path.slice(at)}" on`);
    const [piece, name, pattern = '*', segment] = match;
    pieces.push(
      segment === undefined ? { name: name ?? '', pattern } : { name: undefined, pattern: segment },
    );
    at += piece.length;
  }
  return pieces;
}

function parseSegment(text: string): TemplateSegment {
  if (text === '*') return { kind: 'one' };
  if (text === '**') return { kind: 'many' };
  if (!LITERAL.test(text)) throw new Error(`has the segment "${text}"`);
  return { kind: 'literal', text: decodeLiteral(text) };
}

function decodeLiteral(text: string): string {
  const decoded = decodeSegment(text);
  if (decoded === undefined) throw new Error(`has "${text}", whose percent-encoding is no UTF-8`);
  return decoded;
}
