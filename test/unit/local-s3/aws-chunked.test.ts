import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAwsChunkedDecoder } from '../../../src/local-s3/aws-chunked.ts';

const WHOLE = Buffer.from(
  '5\r\nhello\r\n6;chunk-signature=ab\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
);

function decode(pieces: readonly Buffer[]): { content: string; trailer: [string, string][] } {
  const decoder = createAwsChunkedDecoder();
  const content = pieces.flatMap((piece) => decoder.push(piece));
  return { content: Buffer.concat(content).toString('latin1'), trailer: [...decoder.end()] };
}

const bytesOf = (buffer: Buffer): Buffer[] => Array.from(buffer, (byte) => Buffer.from([byte]));

describe('the aws-chunked decoder', () => {
  it('gives the content and the trailer, also when fed byte by byte', () => {
    const expected = { content: 'hello world', trailer: [['x-amz-checksum-crc32', 'AAAAAA==']] };
    expect(decode([WHOLE])).toEqual(expected);
    expect(decode(bytesOf(WHOLE))).toEqual(expected);
  });

  it('gives the same however the body is chunked and cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })),
        fc.array(fc.nat(80)),
        (chunks, cuts) => {
          const framed = chunks.map((chunk) =>
            Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
          );
          let rest = Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
          const pieces: Buffer[] = [];
          for (const cut of cuts) {
            pieces.push(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          expect(decode([...pieces, rest]).content).toBe(Buffer.concat(chunks).toString('latin1'));
        },
      ),
    );
  });

  it('tells a body that ends early, wherever it ends', () => {
    for (let length = 0; length < WHOLE.length; length++) {
      expect(() => decode([WHOLE.subarray(0, length)])).toThrow(
        expect.objectContaining({ code: 'IncompleteBody' }),
      );
    }
  });

  it.each([
    ['a size that is no number', 'x\r\n'],
    ['a negative size', '-1\r\n'],
    ['a size with a prefix', '0x5\r\nhello\r\n'],
    ['a size beyond all numbers', `${'f'.repeat(13)}\r\n`],
    ['no size', '\r\n'],
    ['more content than the size says', '2\r\nhello\r\n'],
    ['a line that ends in LF', '5\nhello\r\n'],
    ['a trailer that is no header', '0\r\nnot a header\r\n\r\n'],
    ['a header without a name', '0\r\n:value\r\n\r\n'],
    ['bytes behind the end', '0\r\n\r\nmore'],
    ['a line without end', '5;'.padEnd(5000, 'x')],
    ['a trailer without end', `0\r\n${Array.from({ length: 40 }, (_, index) => `h${index}:x\r\n`).join('')}`],
  ])('refuses %s', (_, text) => {
    const malformed = expect.objectContaining({ code: 'InvalidRequest' });
    expect(() => decode([Buffer.from(text)])).toThrow(malformed);
    expect(() => decode(bytesOf(Buffer.from(text)))).toThrow(malformed);
  });
});
