/** RFC 9113 §6. */
export const FRAMES = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  reset: 0x3,
  settings: 0x4,
  push: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const FLAGS = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** The largest frame that may be sent without asking. */
const FRAME_MAX_BYTES = 16_384;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
  /** Without it, that of the payload. */
  readonly announcedLength?: number;
}

export function frameBytes({ type, flags, streamId, payload, announcedLength }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE((announcedLength ?? payload.length) & 0xffffff, 0, 3);
  head.writeUInt8(type & 0xff, 3);
  head.writeUInt8(flags & 0xff, 4);
  head.writeUInt32BE(streamId >>> 0, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** SETTINGS without a header table, so that answers can be read one by one, and with windows that never fill. */
export const OPENING = Buffer.concat([
  PREFACE,
  frameBytes({
    type: FRAMES.settings,
    flags: 0,
    streamId: 0,
    payload: Buffer.from('000100000000' + '00047fffffff', 'hex'),
  }),
  frameBytes({ type: FRAMES.windowUpdate, flags: 0, streamId: 0, payload: uint32(0x7fff0000) }),
]);

/** HPACK without tables and without Huffman codes: every field is a literal that is spelled out (RFC 7541 §6.2.2). */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), hpackText(name), hpackText(value)]));
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([hpackInteger(bytes.length, 0x7f), bytes]);
}

function hpackInteger(value: number, prefix: number): Buffer {
  if (value < prefix) return Buffer.of(value);
  const bytes = [prefix];
  let rest = value - prefix;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** HEADERS, with CONTINUATION where the block is long, and DATA. */
export function streamFrames(streamId: number, block: Uint8Array, body: Uint8Array): Buffer {
  const blocks = chunksOf(block);
  const head = blocks.map((payload, i) =>
    frameBytes({
      type: i === 0 ? FRAMES.headers : FRAMES.continuation,
      flags:
        (i === blocks.length - 1 ? FLAGS.endHeaders : 0) |
        (i === 0 && body.length === 0 ? FLAGS.endStream : 0),
      streamId,
      payload,
    }),
  );
  const pieces = body.length === 0 ? [] : chunksOf(body);
  const data = pieces.map((payload, i) =>
    frameBytes({
      type: FRAMES.data,
      flags: i === pieces.length - 1 ? FLAGS.endStream : 0,
      streamId,
      payload,
    }),
  );
  return Buffer.concat([...head, ...data]);
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / FRAME_MAX_BYTES));
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * FRAME_MAX_BYTES, (i + 1) * FRAME_MAX_BYTES),
  );
}
