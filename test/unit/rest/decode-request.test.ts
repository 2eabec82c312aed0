import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CreateS3UploadRequestSchema } from '../../../gen/upload/v1/upload_service_pb.js';
import { Fault } from '../../../src/fault/fault.ts';
import type { DecodedRequest } from '../../../src/rest/decode-json.ts';
import { decodeRequest } from '../../../src/rest/decode-request.ts';

const decode = (text: string): DecodedRequest =>
  decodeRequest(CreateS3UploadRequestSchema, Buffer.from(text));
const decodeSize = (literal: string) => decode(`{"filename":"a","contentType":"b","size":${literal}}`);

function undecodedOf(text: string): Record<string, string> {
  return Object.fromEntries(decode(text).undecoded.map(({ field, message }) => [field, message]));
}

describe('size', () => {
  it.each<[string, bigint | undefined]>([
    ['42', 42n],
    ['"42"', 42n],
    ['42.0', 42n],
    ['1e3', 1000n],
    ['1.5e1', 15n],
    ['0.42e2', 42n],
    ['4200e-2', 42n],
    ['-0', 0n],
    ['-1', -1n],
    ['"-1"', -1n],
    ['5368709121', 5368709121n],
    ['9007199254740991', 9007199254740991n],
    ['"9007199254740993"', 9007199254740993n],
    ['"0000000000000000000042"', 42n],
    ['42.00000000000000000000', 42n],
    ['null', undefined],
  ])('%s is taken for what it says', (literal, expected) => {
    const { message, undecoded } = decodeSize(literal);
    expect(undecoded).toEqual([]);
    expect(message).toEqual(
      create(CreateS3UploadRequestSchema, {
        filename: 'a',
        contentType: 'b',
        ...(expected === undefined ? {} : { size: expected }),
      }),
    );
  });

  it.each([
    ['42.5', 'must be a whole number'],
    ['1e-400', 'must be a whole number'],
    ['42.00000000000000000001', 'must be a whole number'],
    ['4200000000.0000000001', 'must be a whole number'],
    ['true', 'must be an integer'],
    ['""', 'must be an integer'],
    ['"  "', 'must be an integer'],
    ['" 42"', 'must be an integer'],
    ['"+42"', 'must be an integer'],
    ['"0x2A"', 'must be an integer'],
    ['"42.0"', 'must be an integer'],
    ['"1e3"', 'must be an integer'],
    ['"abc"', 'must be an integer'],
    ['[]', 'must be an integer'],
    ['[42]', 'must be an integer'],
    ['{}', 'must be an integer'],
    ['9007199254740993', 'must be sent as a decimal string: JSON numbers beyond 2^53 lose digits'],
    ['9007199254740992', 'must be sent as a decimal string: JSON numbers beyond 2^53 lose digits'],
    ['1e18', 'must be sent as a decimal string: JSON numbers beyond 2^53 lose digits'],
    ['1e20', 'must be at most 9223372036854775807'],
    ['-1e400', 'must be at least -9223372036854775808'],
    ['"99999999999999999999"', 'must be at most 9223372036854775807'],
  ])('%s is refused, never rounded', (literal, message) => {
    expect(decodeSize(literal).undecoded).toMatchObject([{ field: 'size', message }]);
  });

  it('out of range leaves a stand-in of its magnitude, so that the field rule can name its limit', () => {
    const { message, undecoded } = decodeSize('9007199254740993');
    expect(message).toMatchObject({ size: 9007199254740993n });
    expect(undecoded).toMatchObject([{ standIn: true }]);
    expect(decodeSize('1e400').message).toMatchObject({ size: 2n ** 63n - 1n });
  });
});

describe('a body', () => {
  it('has every wrongly typed field reported and the others decoded', () => {
    const { message, undecoded } = decode('{"size":true,"filename":[1],"contentType":"b"}');
    expect(undecoded.map(({ field }) => field).sort()).toEqual(['filename', 'size']);
    expect(message).toMatchObject({ contentType: 'b', filename: '' });
  });

  it('may name fields as the contract does', () => {
    expect(decode('{"content_type":"b"}').message).toMatchObject({ contentType: 'b' });
    expect(undecodedOf('{"content_type":5}')).toEqual({ contentType: 'must be a string' });
  });

  it('may not name a field twice', () => {
    expect(undecodedOf('{"contentType":"a","content_type":"b"}')).toEqual({
      contentType: 'must be given under one name only',
    });
  });

  it('may hold fields that the server does not know, and null for absent', () => {
    const { message, undecoded } = decode('{"filename":null,"later":{"x":[1e400]},"size":1}');
    expect(undecoded).toEqual([]);
    expect(message).toMatchObject({ filename: '', size: 1n });
  });

  it.each([
    ['{"filename":"a","filename":"b"}', 'filename'],
    ['{"filename":"a", "\\u0066ilename" :"b"}', 'filename'],
    ['{"metadata":{"a\\"\\\\":"1","b":"\\"a\\\\","a\\"\\\\":"1"}}', 'a"\\'],
    ['{"later":[[{"__proto__":1,"__proto__":{}}]]}', '__proto__'],
  ])('may not have a key twice: %s', (text, key) => {
    expect(faultOf(() => decode(text)).fields).toEqual([
      { field: 'body', message: `must not have the key ${JSON.stringify(key)} twice` },
    ]);
  });

  it('may have a key in several objects, and as a value', () => {
    const text =
      '{"filename":"size","size":1,"metadata":{"filename":"{\\"a\\":1}"},"later":[{"a":1},{"a":":"}]}';
    expect(decode(text).message).toMatchObject({ filename: 'size', metadata: { filename: '{"a":1}' } });
  });

  it('may begin with a byte order mark', () => {
    expect(decode('\ufeff{"filename":"a"}').message).toMatchObject({ filename: 'a' });
  });

  it('cannot bring a lone surrogate', () => {
    expect(undecodedOf('{"filename":"\\ud800"}')).toEqual({ filename: 'must be valid Unicode' });
    expect(decode('{"filename":"\\ud83d\\ude00"}').message).toMatchObject({ filename: '😀' });
  });

  it('cannot reach the prototype', () => {
    expect(decode('{"__proto__":{"filename":"x"},"constructor":1}').message).toMatchObject({ filename: '' });
  });

  it.each([
    ['', 'must not be empty'],
    ['{', 'must be valid JSON'],
    ['{"filename":"a",}', 'must be valid JSON'],
    ['{} {}', 'must be valid JSON'],
    ['NaN', 'must be valid JSON'],
    ['[]', 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['"x"', 'must be a JSON object'],
    ['12345678901234567890', 'must be a JSON object'],
  ])('%j is refused', (text, message) => {
    expect(faultOf(() => decode(text)).fields).toEqual([{ field: 'body', message }]);
  });

  it('that is not UTF-8 is refused', () => {
    const body = Buffer.concat([Buffer.from('{"filename":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const fault = faultOf(() => decodeRequest(CreateS3UploadRequestSchema, body));
    expect(fault.fields).toEqual([{ field: 'body', message: 'must be UTF-8' }]);
  });
});

function faultOf(action: () => unknown): Fault {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
