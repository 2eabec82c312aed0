// Content that browsers execute: opened from the place that serves it, it acts with the rights of that place. Pure.
import { mediaTypeOf } from './content-type.ts';
import { extensionOf } from './file-extension.ts';

/** `attachment`: taken, but browsers are told to save it. `deny`: refused. */
export type ActiveContentPolicy = 'allow' | 'attachment' | 'deny';

interface ActiveKind {
  readonly name: string;
  readonly mediaTypes: readonly string[];
  readonly extensions: readonly string[];
  readonly because: string;
}

/** WHATWG HTML, MIME Sniffing and RFC 9239 say what browsers execute; PDF is left out, as its scripts stay in the viewer. */
export const ACTIVE_KINDS = [
  {
    name: 'HTML',
    mediaTypes: ['text/html', 'application/xhtml+xml', 'application/hta'],
    extensions: ['html', 'htm', 'shtml', 'xhtml', 'xht', 'hta'],
    because: 'scripts in a page run with the rights of the site that serves it',
  },
  {
    name: 'SVG',
    mediaTypes: ['image/svg+xml'],
    extensions: ['svg', 'svgz'],
    because: 'an SVG that is opened by itself is a document, whose scripts run like those of a page',
  },
  {
    name: 'XML',
    // Every other type that ends in +xml belongs here too.
    mediaTypes: ['text/xml', 'application/xml', 'text/xsl', 'application/xml-dtd'],
    extensions: ['xml', 'xsl', 'xslt', 'rdf', 'rss', 'atom', 'mml', 'xul'],
    because: 'elements of HTML and SVG within XML run their scripts, and a stylesheet can make a page of it',
  },
  {
    name: 'JavaScript',
    mediaTypes: [
      'text/javascript',
      'application/javascript',
      'application/x-javascript',
      'text/ecmascript',
      'application/ecmascript',
    ],
    extensions: ['js', 'mjs', 'cjs'],
    because:
      'other content of the same site can load it as its own script, past a policy that trusts the site',
  },
  {
    name: 'content of parts',
    mediaTypes: ['multipart/x-mixed-replace'],
    extensions: [],
    because: 'browsers show each part by its own type, which may be HTML',
  },
  {
    name: 'content of unknown type',
    // A text that has a slash and is not one media type belongs here too.
    mediaTypes: ['application/unknown', 'unknown/unknown'],
    extensions: [],
    because: 'browsers guess its type from the bytes, which may be HTML',
  },
] as const satisfies readonly ActiveKind[];

/** An upload that browsers would execute, and the field that says so. */
export interface ActiveContent {
  readonly name: string;
  readonly because: string;
  readonly field: 'contentType' | 'filename';
}

const [, , XML, , , UNKNOWN] = ACTIVE_KINDS;
const KINDS: readonly ActiveKind[] = ACTIVE_KINDS;
const BY_MEDIA_TYPE = new Map(KINDS.flatMap((kind) => kind.mediaTypes.map((type) => [type, kind] as const)));
const BY_EXTENSION = new Map(KINDS.flatMap((kind) => kind.extensions.map((end) => [end, kind] as const)));

/** A type that is its own media type. Most are, and one test is cheaper than taking a type apart. */
const PLAIN_TYPE = /^[a-z0-9]+\/[a-z0-9.-]+$/;

/** Names of which some part could become an active extension once they are safe. Nearly none could. */
const SUSPICIOUS_NAME = new RegExp(
  `[^\\0-\\x7f]|\\.[^A-Za-z0-9]*(?:${[...BY_EXTENSION.keys()].join('|')})`,
  'i',
);

/** What the upload would execute as, by its type or else by the extension of its name; undefined for what is inert. */
export function activeContentOf(contentType: string, filename: string): ActiveContent | undefined {
  const byType = kindOfType(contentType);
  if (byType !== undefined) return { name: byType.name, because: byType.because, field: 'contentType' };
  const byName = kindOfName(filename);
  return byName && { name: byName.name, because: byName.because, field: 'filename' };
}

function kindOfType(contentType: string): ActiveKind | undefined {
  if (PLAIN_TYPE.test(contentType)) return BY_MEDIA_TYPE.get(contentType);
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === '') return contentType.includes('/') ? UNKNOWN : undefined;
  return BY_MEDIA_TYPE.get(mediaType) ?? (mediaType.endsWith('+xml') ? XML : undefined);
}

function kindOfName(filename: string): ActiveKind | undefined {
  return SUSPICIOUS_NAME.test(filename) ? BY_EXTENSION.get(extensionOf(filename)) : undefined;
}
