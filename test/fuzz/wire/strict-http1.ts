// What a strict reading of RFC 9112 makes of a client's bytes: the judge of whether the server takes for a request what
// is none. It is stricter than the RFC has to be: whatever parsers on the way could read in two ways is malformed. Two
// liberties that RFC 9112 §2.2 and §3 grant are the exception, as no reading of them moves the end of a request: line ends
// in front of a request line, and more than one space within it.

export interface StrictRequest {
  readonly method: string;
  readonly target: string;
}

export interface StrictReading {
  /** The requests that may be answered as such, in order. */
  readonly requests: readonly StrictRequest[];
  /** Why reading ended: at the end of a request, in the middle of one, or at what is none. */
  readonly end: 'complete' | 'incomplete' | 'malformed';
  /** The head of the last one was whole, so that it may have been answered before its body turned out not to be. */
  readonly endsInBody: boolean;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([\x21-\x7e\x80-\xff]+) +HTTP\/1\.([01])$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/;
const CHUNK_LINE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?$/;

interface Head {
  readonly request: StrictRequest;
  readonly isLast: boolean;
  readonly body: { readonly chunked: true } | { readonly length: number };
  readonly end: number;
}

type Ended = 'incomplete' | 'malformed';

export function readStrictly(bytes: Buffer): StrictReading {
  const text = bytes.toString('latin1');
  const requests: StrictRequest[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === '\r' || text[at] === '\n') at += 1;
    if (at >= text.length) return { requests, end: 'complete', endsInBody: false };
    const head = readHead(text, at);
    if (typeof head === 'string') return { requests, end: head, endsInBody: false };
    const end = readBody(text, head);
    if (typeof end === 'string') return { requests, end, endsInBody: true };
    requests.push(head.request);
    if (head.isLast) return { requests, end: 'complete', endsInBody: false };
    at = end;
  }
}

/**
 * The most answers that a server may give to these bytes: one to each request, one to what is no whole request, and one
 * before that to a head that was, which can be refused before its body has come.
 */
export function answersAllowed({ requests, end, endsInBody }: StrictReading): number {
  return requests.length + (end === 'complete' ? 0 : 1) + (endsInBody ? 1 : 0);
}

function readHead(text: string, start: number): Head | Ended {
  const end = text.indexOf('\r\n\r\n', start);
  const lines = text.slice(start, end === -1 ? undefined : end).split('\r\n');
  // A line end of any other kind is one to some parsers and none to others.
  if (lines.some((line) => /[\r\n]/.test(line))) return 'malformed';
  if (end === -1) return 'incomplete';
  const [line = '', ...fieldLines] = lines;
  const [, method = '', target = '', minor] = REQUEST_LINE.exec(line) ?? [];
  if (method === '') return 'malformed';
  const fields: [name: string, value: string][] = [];
  for (const fieldLine of fieldLines) {
    const [, name, value = ''] = FIELD_LINE.exec(fieldLine) ?? [];
    if (name === undefined) return 'malformed';
    fields.push([name.toLowerCase(), value.trim()]);
  }
  const body = framingOf(fields, minor === '0');
  if (body === undefined) return 'malformed';
  const connection = valuesOf(fields, 'connection').join(',').toLowerCase();
  const isLast = /\bclose\b/.test(connection) || (minor === '0' && !connection.includes('keep-alive'));
  return { request: { method, target }, isLast: isLast || method === 'CONNECT', body, end: end + 4 };
}

function framingOf(fields: readonly (readonly [string, string])[], isOld: boolean): Head['body'] | undefined {
  const codings = valuesOf(fields, 'transfer-encoding');
  const lengths = valuesOf(fields, 'content-length');
  const [coding] = codings;
  if (coding !== undefined) {
    const isPlain = codings.length === 1 && coding.toLowerCase() === 'chunked';
    return isPlain && lengths.length === 0 && !isOld ? { chunked: true } : undefined;
  }
  if (lengths.length > 1) return undefined;
  const [length = '0'] = lengths;
  return /^\d{1,15}$/.test(length) ? { length: Number(length) } : undefined;
}

/** Where the body ends. */
function readBody(text: string, { body, end }: Head): number | Ended {
  if ('length' in body) return end + body.length <= text.length ? end + body.length : 'incomplete';
  for (let at = end; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return 'incomplete';
    const size = CHUNK_LINE.exec(text.slice(at, lineEnd))?.[1];
    if (size === undefined) return 'malformed';
    at = lineEnd + 2;
    if (Number.parseInt(size, 16) === 0) return readTrailers(text, at);
    at += Number.parseInt(size, 16);
    if (at + 2 > text.length) return 'incomplete';
    if (!text.startsWith('\r\n', at)) return 'malformed';
    at += 2;
  }
}

function readTrailers(text: string, start: number): number | Ended {
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return 'incomplete';
    if (lineEnd === at) return at + 2;
    if (!FIELD_LINE.test(text.slice(at, lineEnd))) return 'malformed';
    at = lineEnd + 2;
  }
}

function valuesOf(fields: readonly (readonly [string, string])[], name: string): string[] {
  return fields.filter(([each]) => each === name).map(([, value]) => value);
}
