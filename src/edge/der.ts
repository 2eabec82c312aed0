// As much of DER (X.690) as certificates and revocation lists take to be told apart.

export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
}

export const DER_TAGS = { integer: 0x02, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30 } as const;

/** What stands one behind the other, such as the fields of a sequence. Throws a RangeError where that is no DER. */
export function derElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { start, end } = extentAt(bytes, at);
    elements.push({ tag: bytes.readUInt8(at), content: bytes.subarray(start, end) });
    at = end;
  }
  return elements;
}

function extentAt(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = bytes.readUInt8(at + 1);
  const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + sizeBytes;
  // 80 would be a length that is not told, which is BER.
  const length = first < 0x80 ? first : bytes.readUIntBE(at + 2, sizeBytes);
  if (start + length > bytes.length) throw new RangeError('an element is longer than what holds it');
  return { start, end: start + length };
}

/** Wall-clock milliseconds of a time as RFC 5280, section 4.1.2.5, has it; undefined for anything else. */
export function derTimeMs({ tag, content }: DerElement): number | undefined {
  const text = content.toString('latin1');
  if (tag === DER_TAGS.generalizedTime) return timeMs(text);
  if (tag !== DER_TAGS.utcTime) return undefined;
  return timeMs(`${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`);
}

function timeMs(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
