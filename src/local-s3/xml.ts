/** Elements in order; an array repeats its element, undefined leaves it out. */
export interface XmlElements {
  readonly [name: string]: XmlContent | undefined;
}
export type XmlContent = string | number | boolean | XmlElements | readonly (string | XmlElements)[];

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document of the S3 namespace. */
export function xmlDocument(root: string, content: string | XmlElements): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${inner(content)}</${root}>`;
}

/** S3's error document, which alone has no namespace. */
export function xmlErrorDocument(content: XmlElements): string {
  return `${DECLARATION}<Error>${elements(content)}</Error>`;
}

function elements(content: XmlElements): string {
  return Object.entries(content)
    .flatMap(([name, value]) =>
      isList(value) ? value.map((item) => element(name, item)) : element(name, value),
    )
    .join('');
}

function element(name: string, content: XmlContent | undefined): string {
  return content === undefined ? '' : `<${name}>${inner(content)}</${name}>`;
}

function inner(content: XmlContent): string {
  return typeof content === 'object' && !isList(content) ? elements(content) : escapeXml(String(content));
}

/** Array.isArray does not narrow a readonly array. */
function isList(value: XmlContent | undefined): value is readonly (string | XmlElements)[] {
  return Array.isArray(value);
}

function escapeXml(text: string): string {
  // Like S3: control characters go out as references, which XML 1.0 does not allow but S3's clients read.
  return text.replace(/[<>&"'\u0000-\u001f\ufffe\uffff]/g, (char) => `&#${char.charCodeAt(0)};`);
}
