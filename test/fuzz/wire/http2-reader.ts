import { FLAGS, FRAMES, type Frame } from './http2-writer.ts';

/** What has come back on an HTTP/2 connection. */
export interface Http2Reader {
  /** Takes bytes as they arrive; answers the frames that are whole now. */
  read(chunk: Buffer): Frame[];
}

export function createHttp2Reader(): Http2Reader {
  let rest: Buffer = Buffer.alloc(0);
  return {
    read(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const frames: Frame[] = [];
      while (rest.length >= 9) {
        const end = 9 + rest.readUIntBE(0, 3);
        if (rest.length < end) break;
        frames.push({
          type: rest.readUInt8(3),
          flags: rest.readUInt8(4),
          streamId: rest.readUInt32BE(5) & 0x7fffffff,
          payload: rest.subarray(9, end),
        });
        rest = rest.subarray(end);
      }
      return frames;
    },
  };
}

/** Statuses that HPACK's static table holds whole, from index 8 on. */
const STATIC_STATUSES = [200, 204, 206, 304, 400, 404, 500];

/** How Huffman's code of RFC 7541 appendix B spells the digits: five bits for 0 to 2, six for the others. */
const DIGITS: ReadonlyMap<string, string> = new Map([
  ...['00000', '00001', '00010'].map((code, digit) => [code, String(digit)] as const),
  ...Array.from(
    { length: 7 },
    (_, i) => [(0b011001 + i).toString(2).padStart(6, '0'), String(i + 3)] as const,
  ),
]);

/** The status of a HEADERS frame, whose first field it is; undefined for trailers. */
export function statusOf({ type, flags, payload }: Frame): number | undefined {
  if (type !== FRAMES.headers) return undefined;
  let at = (flags & FLAGS.padded ? 1 : 0) + (flags & FLAGS.priority ? 5 : 0);
  // Announcements that the table is of another size from here on.
  while (((payload[at] ?? 0) & 0xe0) === 0x20) at += (payload[at] ?? 0) === 0x3f ? 2 : 1;
  const first = payload[at] ?? 0;
  if (first & 0x80) return STATIC_STATUSES[(first & 0x7f) - 8];
  const nameIndex = first & (first & 0x40 ? 0x3f : 0x0f);
  if (nameIndex < 8 || nameIndex > 14) return undefined;
  const head = payload[at + 1] ?? 0;
  const value = Buffer.from(payload.subarray(at + 2, at + 2 + (head & 0x7f)));
  const text = head & 0x80 ? huffmanDigits(value) : value.toString('latin1');
  return /^\d{3}$/.test(text) ? Number(text) : undefined;
}

function huffmanDigits(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let text = '';
  for (let at = 0; text.length < 3 && at < bits.length; ) {
    const code = [5, 6].map((length) => bits.slice(at, at + length)).find((each) => DIGITS.has(each));
    if (code === undefined) return '';
    text += DIGITS.get(code) ?? '';
    at += code.length;
  }
  return text;
}
