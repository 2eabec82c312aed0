// gRPC's Length-Prefixed-Message (gRPC over HTTP/2, "Requests"): a byte of flags, four bytes of length, the message.
const PREFIX_BYTES = 5;

/** How many bytes of a body hold a message of so many. */
export function framedBytes(messageBytes: number): number {
  return PREFIX_BYTES + messageBytes;
}

/** The message of a body that is exactly one frame, without any flag. */
export function onlyMessageOf(body: Buffer): Uint8Array | undefined {
  if (body.length < PREFIX_BYTES || body[0] !== 0) return undefined;
  return body.readUInt32BE(1) === body.length - PREFIX_BYTES ? body.subarray(PREFIX_BYTES) : undefined;
}

/** The length that the first frame announces; undefined until that has come. */
export function announcedLength(chunks: readonly Buffer[]): number | undefined {
  const [first] = chunks;
  if (first !== undefined && first.length >= PREFIX_BYTES) return first.readUInt32BE(1);
  const begin = Buffer.concat(chunks.slice(0, PREFIX_BYTES));
  return begin.length < PREFIX_BYTES ? undefined : begin.readUInt32BE(1);
}

export function frameOf(message: Uint8Array, flags: number): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = flags;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}
