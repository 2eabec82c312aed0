/** The HTTP/2 client connection preface (RFC 9113 §3.4) without the SETTINGS frame that must follow. */
export const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Types of frames (RFC 9113 §6). */
export const FRAMES = {
  data: 0x0,
  headers: 0x1,
  settings: 0x4,
  ping: 0x6,
  goaway: 0x7,
  continuation: 0x9,
} as const;

const END_STREAM = 0x1;
const END_HEADERS = 0x4;

export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** HPACK: a literal without indexing whose name is in the static table (RFC 7541 §6.2.2), or is spelled out. */
function literal(name: number | string, value: string): Buffer {
  const text = (content: string) => Buffer.concat([Buffer.from([content.length]), Buffer.from(content)]);
  return typeof name === 'number'
    ? Buffer.concat([Buffer.from([name]), text(value)])
    : Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** SETTINGS_INITIAL_WINDOW_SIZE and WINDOW_UPDATE: the server may send as much as it likes. */
export const openWindowFrames = Buffer.concat([
  frame(0x4, 0, 0, Buffer.from('00047fffffff', 'hex')),
  frame(0x8, 0, 0, Buffer.from('7fff0000', 'hex')),
]);

/** An empty SETTINGS frame. */
export const settingsFrame = frame(0x4, 0, 0, Buffer.alloc(0));

/** What a client answers to the server's SETTINGS. */
export const settingsAckFrame = frame(0x4, 0x1, 0, Buffer.alloc(0));

export function resetFrame(streamId: number, code: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(code);
  return frame(0x3, 0, streamId, payload);
}

export interface HeadersFrame {
  readonly streamId?: number;
  readonly authority?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** False announces a body that the test may never send. */
  readonly endStream?: boolean;
}

/** The HEADERS frame of a GET (or of a POST when a body is to follow), values up to 126 bytes. */
export function headersFrame({
  streamId = 1,
  authority,
  path = '/',
  headers = {},
  endStream = true,
}: HeadersFrame): Buffer {
  const METHOD_GET = 0x82;
  const METHOD_POST = 0x83;
  const SCHEME_HTTP = 0x86;
  const AUTHORITY = 0x1;
  const PATH = 0x4;
  const block = Buffer.concat([
    Buffer.from([endStream ? METHOD_GET : METHOD_POST, SCHEME_HTTP]),
    literal(PATH, path),
    ...(authority === undefined ? [] : [literal(AUTHORITY, authority)]),
    ...Object.entries(headers).map(([name, value]) => literal(name, value)),
  ]);
  return frame(0x1, END_HEADERS | (endStream ? END_STREAM : 0), streamId, block);
}

/** All that a client sends for one GET on a fresh connection. */
export function http2Opening(request: HeadersFrame): Buffer {
  return Buffer.concat([Buffer.from(HTTP2_PREFACE), settingsFrame, headersFrame(request)]);
}
