// A strict parser for the little XML that S3 clients send. It knows elements and text: no document types, so no
// entities beyond the five of XML itself, no processing instructions, no CDATA, no mixed content.
import { S3Error } from './s3-error.ts';

export interface XmlNode {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlNode[];
}

interface OpenNode {
  readonly name: string;
  text: string;
  readonly children: XmlNode[];
}

export const XML_LIMITS = { depth: 5, elements: 100_000 } as const;

const PROLOGUE = /^\uFEFF?\s*(?:<\?xml\s[^?<>]*\?>\s*)?/;
const TAG =
  /<(?:(\/)([A-Za-z][\w.-]*)\s*|([A-Za-z][\w.-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?))>/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Parses a document into its root element. Linear in the length of the text.
 * @throws S3Error MalformedXML for whatever is not plain, well-formed XML within the limits.
 */
export function parseXml(text: string): XmlNode {
  const open: OpenNode[] = [];
  let root: XmlNode | undefined;
  let elements = 0;
  let at = PROLOGUE.exec(text)?.[0].length ?? 0;

  function close(node: OpenNode | undefined, name: string): void {
    if (node?.name !== name) throw new S3Error('MalformedXML');
    if (node.children.length > 0 && node.text.trim() !== '') throw new S3Error('MalformedXML');
    const parent = open.at(-1);
    if (parent === undefined) root = node;
    else parent.children.push(node);
  }

  while (at < text.length) {
    const next = text.indexOf('<', at);
    const textEnd = next < 0 ? text.length : next;
    appendText(open.at(-1), text.slice(at, textEnd));
    if (next < 0) break;
    TAG.lastIndex = next;
    const [tag, isEndTag, endName = '', startName = '', , isEmpty] = TAG.exec(text) ?? [];
    if (tag === undefined || root !== undefined) throw new S3Error('MalformedXML');
    at = TAG.lastIndex;
    if (isEndTag) {
      close(open.pop(), endName);
      continue;
    }
    elements += 1;
    const node: OpenNode = { name: startName, text: '', children: [] };
    if (elements > XML_LIMITS.elements || open.length >= XML_LIMITS.depth) throw new S3Error('MalformedXML');
    if (isEmpty) close(node, startName);
    else open.push(node);
  }
  if (root === undefined || open.length > 0) throw new S3Error('MalformedXML');
  return root;
}

/** The child elements by name, where each may occur once. @throws S3Error MalformedXML for any other child. */
export function childrenByName(node: XmlNode, allowed: readonly string[]): ReadonlyMap<string, XmlNode> {
  const children = new Map<string, XmlNode>();
  for (const child of node.children) {
    if (!allowed.includes(child.name) || children.has(child.name)) throw new S3Error('MalformedXML');
    children.set(child.name, child);
  }
  return children;
}

function appendText(node: OpenNode | undefined, raw: string): void {
  if (raw === '') return;
  if (node !== undefined) node.text += unescapeXml(raw);
  else if (raw.trim() !== '') throw new S3Error('MalformedXML');
}

function unescapeXml(raw: string): string {
  return raw.replace(/&([^;&]{0,10})(;?)/g, (_, reference: string, semicolon: string) => {
    const char = semicolon === ';' ? charFromReference(reference) : undefined;
    if (char === undefined) throw new S3Error('MalformedXML');
    return char;
  });
}

function charFromReference(reference: string): string | undefined {
  if (Object.hasOwn(ENTITIES, reference)) return ENTITIES[reference];
  const [, hex, decimal] = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(reference) ?? [];
  const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16);
  const isScalar = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isScalar ? String.fromCodePoint(code) : undefined;
}
