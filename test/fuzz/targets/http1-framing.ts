// Requests whose end is in dispute: what a proxy in front and the server behind it could read in two ways.
import type { Chance } from '../chance.ts';
import type { FuzzTarget } from '../input.ts';
import { API_KEY } from '../known.ts';
import { mutate, split } from '../mutate.ts';

/** Where a request goes that must never be taken for one. What is answered there is found in the log. */
export const SMUGGLED_PATH = '/smuggled/';

const PATHS = [
  '/v1/upload/s3',
  '/v1/uploads',
  '/livez',
  '/upload.v1.UploadService/CreateS3Upload',
  '/nowhere',
];

const REQUEST_LINES: readonly ((path: string) => string)[] = [
  (path) => `POST ${path} HTTP/1.1`,
  (path) => `GET ${path} HTTP/1.1`,
  (path) => `POST  ${path} HTTP/1.1`,
  (path) => `POST\t${path}\tHTTP/1.1`,
  (path) => `post ${path} HTTP/1.1`,
  (path) => `POST ${path} HTTP/1.0`,
  (path) => `POST ${path} HTTP/0.9`,
  (path) => `POST ${path} HTTP/2.0`,
  (path) => `POST ${path} HTTP/99999999999.1`,
  (path) => `POST ${path} http/1.1`,
  (path) => `POST ${path}`,
  (path) => `POST ${path} HTTP/1.1 `,
  (path) => `POST ${path} x HTTP/1.1`,
  (path) => `POST ${path}\0 HTTP/1.1`,
  (path) => `POST http://fuzz.test${path} HTTP/1.1`,
  (path) => `POST http://[${path} HTTP/1.1`,
  () => 'OPTIONS * HTTP/1.1',
  () => 'CONNECT fuzz.test:443 HTTP/1.1',
  () => 'M-SEARCH * HTTP/1.1',
  (path) => `${'A'.repeat(300)} ${path} HTTP/1.1`,
  () => `GET /${'a'.repeat(20_000)} HTTP/1.1`,
  () => '',
];

/** Lines that say how long the body is, or that some would take for saying so. `n` is the true length. */
const FRAMINGS: readonly ((n: number) => readonly string[])[] = [
  (n) => [`Content-Length: ${n}`],
  () => ['Transfer-Encoding: chunked'],
  (n) => [`Content-Length: ${n}`, 'Transfer-Encoding: chunked'],
  (n) => ['Transfer-Encoding: chunked', `Content-Length: ${n}`],
  () => ['Content-Length: 0', 'Transfer-Encoding: chunked'],
  () => ['Content-Length: 4', 'Transfer-Encoding: chunked'],
  (n) => [`Content-Length: ${n}`, `Content-Length: ${n}`],
  (n) => [`Content-Length: ${n}`, 'Content-Length: 0'],
  (n) => ['Content-Length: 0', `Content-Length: ${n}`],
  (n) => [`Content-Length: ${n}, ${n}`],
  (n) => [`Content-Length: 0, ${n}`],
  (n) => [`Content-Length: +${n}`],
  (n) => [`Content-Length: -${n}`],
  (n) => [`Content-Length: 0x${n.toString(16)}`],
  (n) => [`Content-Length: 0${n}`],
  (n) => [`Content-Length: ${n}.0`],
  (n) => [`Content-Length: ${n} ${n}`],
  (n) => [`Content-Length:${n}`],
  (n) => [`Content-Length : ${n}`],
  (n) => [` Content-Length: ${n}`],
  (n) => [`Content_Length: ${n}`],
  (n) => [`Content-Length: ${n}\0`],
  () => ['Content-Length:'],
  () => ['Content-Length: 18446744073709551616'],
  () => ['Content-Length: 99999999999999999999999999'],
  () => ['Transfer-Encoding: xchunked'],
  () => ['Transfer-Encoding: chunked, identity'],
  () => ['Transfer-Encoding: identity, chunked'],
  () => ['Transfer-Encoding: chunked, chunked'],
  () => ['Transfer-Encoding: gzip, chunked'],
  () => ['Transfer-Encoding: gzip'],
  () => ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  () => ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'],
  () => ['Transfer-Encoding:\tchunked'],
  () => ['Transfer-Encoding:\x0bchunked'],
  () => ['Transfer-Encoding : chunked'],
  () => [' Transfer-Encoding: chunked'],
  () => ['Transfer-Encoding: "chunked"'],
  () => ['Transfer-Encoding: chun\0ked'],
  () => ['Transfer-Encoding:', ' chunked'],
  () => ['X: y\nTransfer-Encoding: chunked'],
  () => ['X: y\rTransfer-Encoding: chunked'],
  () => ['Transfer-Encoding: chunked\r', 'X: y'],
  () => [],
];

const OTHER_LINES: readonly (() => readonly string[])[] = [
  () => [],
  () => ['Host: second.test'],
  () => ['Connection: close'],
  () => ['Connection: keep-alive, Content-Length'],
  () => ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'],
  () => ['Connection: Upgrade', 'Upgrade: websocket'],
  () => ['Expect: 100-continue'],
  () => ['Expect: nonsense'],
  () => ['nonsense'],
  () => [': empty'],
  () => ['X-\xe9: \xff\xfe'],
  () => ['X: a', ' folded'],
  () => ['X: a', '\tfolded'],
  () => ['X: \0'],
  () => Array.from({ length: 1_000 }, (_, i) => `X-${i}: y`),
  () => [`X: ${'y'.repeat(17_000)}`],
  () => ['Content-Type: application/json', `Authorization: Bearer ${API_KEY}`],
  () => ['Content-Encoding: gzip'],
  () => ['Trailer: Content-Length'],
];

const CHUNK_SIZES: readonly ((n: number) => string)[] = [
  (n) => n.toString(16),
  (n) => n.toString(16).padStart(8, '0'),
  (n) => `${n.toString(16)};ext=1`,
  (n) => `${n.toString(16)};ext="a\nb"`,
  (n) => `${n.toString(16)};${'x'.repeat(20_000)}`,
  (n) => `${n.toString(16)} `,
  (n) => ` ${n.toString(16)}`,
  (n) => `0x${n.toString(16)}`,
  (n) => `+${n.toString(16)}`,
  (n) => `-${n.toString(16)}`,
  (n) => `${n.toString(16)}\t`,
  () => 'FFFFFFFFFFFFFFFFF',
  () => 'ffffffffffffffff',
  () => '7fffffffffffffff',
  () => 'g',
  () => '',
];

const LINE_ENDS = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\0\r\n'];

export const http1Framing: FuzzTarget = {
  name: 'http1-framing',
  weight: 22,
  make: (chance, id) => {
    const requests = Array.from({ length: 1 + chance.below(3) }, () => request(chance, id));
    const whole = Buffer.concat([Buffer.from(chance.happens(0.1) ? '\r\n\n\r' : ''), ...requests]);
    const bytes = chance.happens(0.3) ? mutate(whole, chance) : whole;
    return { channel: 'http1-raw', pieces: split(bytes, chance) };
  },
};

function request(chance: Chance, id: string): Buffer {
  const hidden = `GET ${SMUGGLED_PATH}${id} HTTP/1.1\r\nHost: fuzz.test\r\n\r\n`;
  const plain = chance.happens(0.5) ? hidden : `{"filename":"a"}${hidden}`;
  const isChunked = chance.happens(0.5);
  const body = isChunked ? chunked(plain, chance) : plain;
  const honest = [isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`];
  const newline = chance.happens(0.8) ? '\r\n' : chance.pick(LINE_ENDS);
  const lines = [
    chance.happens(0.7)
      ? `POST ${chance.pick(PATHS)} HTTP/1.1`
      : chance.pick(REQUEST_LINES)(chance.pick(PATHS)),
    chance.happens(0.95) ? 'Host: fuzz.test' : 'Host: [',
    `X-Request-Id: ${id}`,
    ...(chance.happens(0.5) ? honest : chance.pick(FRAMINGS)(body.length)),
    ...(chance.happens(0.5) ? ['Content-Type: application/json'] : chance.pick(OTHER_LINES)()),
  ];
  const head = lines.map((line) => line + newline).join('') + (chance.happens(0.97) ? '\r\n' : newline);
  return Buffer.from(head + body, 'latin1');
}

function chunked(text: string, chance: Chance): string {
  const end = chance.happens(0.8) ? '\r\n' : chance.pick(LINE_ENDS);
  const last = chance.pick([
    '0\r\n\r\n',
    '0\r\n\r\n',
    '0\r\nX: y\r\n\r\n',
    '0\r\nnonsense\r\n\r\n',
    '0\n\n',
    '00000\r\n\r\n',
  ]);
  const size = chance.happens(0.5) ? text.length : chance.pick([0, 1, text.length - 1, text.length + 1]);
  const line = chance.happens(0.5) ? size.toString(16) : chance.pick(CHUNK_SIZES)(size);
  // Ended at once, so that the text stands where another request would.
  if (chance.happens(0.3)) return `${last}${text}`;
  return `${line}${end}${text}${end}${last}`;
}
