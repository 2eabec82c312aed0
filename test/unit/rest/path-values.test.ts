import type { JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoderFor } from './decoder-for.ts';
import { rule } from './describe-messages.ts';

/** As the specification has clients do it: everything but RFC 3986's unreserved characters is percent-encoded. */
function encode(text: string): string {
  const percent = (sign: string) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}

/** A piece of a template, the path that a client makes of it, and the value that it has then given to a variable. */
interface Piece {
  readonly template: (name: string) => string;
  readonly path: string;
  readonly value?: string;
}

const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });
const literal = fc.stringMatching(/^[a-z0-9._~-]{1,4}$/);
/** Reserved characters stay encoded in a variable of several segments, so that they are not the same again. */
const withoutReserved = fc.string({
  unit: fc.constantFrom(...'aZ09-._~ ü🐈%"<>'),
  minLength: 1,
  maxLength: 6,
});

const piece: fc.Arbitrary<Piece> = fc.oneof(
  literal.map((text) => ({ template: () => text, path: text })),
  anyText.map((text) => ({ template: () => '*', path: encode(text) })),
  anyText.map((text) => ({ template: (name: string) => `{${name}}`, path: encode(text), value: text })),
  fc.tuple(literal, withoutReserved).map(([before, text]) => ({
    template: (name: string) => `{${name}=${before}/*}`,
    path: `${before}/${encode(text)}`,
    value: `${before}/${text}`,
  })),
);

const lastPiece: fc.Arbitrary<Piece> = fc.array(withoutReserved, { maxLength: 3 }).map((rest) => ({
  template: (name) => `{${name}=v/**}`,
  path: ['v', ...rest.map(encode)].join('/'),
  value: ['v', ...rest].join('/'),
}));

const NAMES = ['a', 'b', 'inner.a', 'inner.inner.c', 'inner.b'];

describe('any template with any values', () => {
  it('gives the values back that a URL was built from', () => {
    const pieces = fc
      .tuple(fc.array(piece, { maxLength: 4 }), lastPiece)
      .map(([some, last]) => [...some, last]);
    const verb = fc.option(literal, { nil: '' }).map((text) => (text === '' ? '' : `:${text}`));
    const check = fc.property(pieces, verb, (all, suffix) => {
      const template = all.map((each, i) => each.template(NAMES[i] ?? '')).join('/');
      const path = all.map((each) => each.path).join('/');
      const values = all.flatMap(({ value }, i) => (value === undefined ? [] : [[NAMES[i] ?? '', value]]));
      const decode = decoderFor({ input: 'Variables', http: rule(`GET /${template}${suffix}`) });
      const { json, problems } = decode(`GET /${path}${suffix}`);
      expect(problems).toEqual({});
      expect(flatten(json)).toEqual(Object.fromEntries(values));
    });
    fc.assert(check, { numRuns: 300 });
  });
});

/** `{inner: {a: 'x'}}` as `{'inner.a': 'x'}`. */
function flatten(json: JsonValue, prefix = ''): Record<string, JsonValue> {
  if (json === null || typeof json !== 'object') return { [prefix]: json };
  const entries = Object.entries(json).map(([key, value]) =>
    flatten(value, prefix === '' ? key : `${prefix}.${key}`),
  );
  return Object.assign({}, ...entries);
}
