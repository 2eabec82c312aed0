// Frames that are out of order, of the wrong length, on the wrong stream, or no frames at all.
import type { Chance } from '../chance.ts';
import type { FuzzTarget } from '../input.ts';
import { API_KEY } from '../known.ts';
import { mutate, split } from '../mutate.ts';
import {
  FLAGS,
  FRAMES,
  type Frame,
  frameBytes,
  headerBlock,
  OPENING,
  PREFACE,
  uint32,
} from '../wire/http2-writer.ts';

type Field = readonly [name: string, value: string];

const STREAM_IDS = [0, 1, 1, 1, 2, 3, 3, 5, 7, 0x7fffffff, 0x80000001, 0xffffffff];

const FIELDS: readonly Field[] = [
  [':path', '/livez'],
  [':path', ''],
  [':path', 'nowhere'],
  [':path', '*'],
  [':method', ''],
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'ftp'],
  [':authority', '['],
  [':authority', 'a b'],
  [':status', '200'],
  [':nonsense', 'x'],
  ['', 'x'],
  ['Upper', 'x'],
  ['connection', 'close'],
  ['transfer-encoding', 'chunked'],
  ['upgrade', 'h2c'],
  ['te', 'gzip'],
  ['te', 'trailers'],
  ['host', 'other.test'],
  ['content-length', '5'],
  ['content-length', '-1'],
  ['content-length', '99999999999999999999'],
  ['cookie', 'a=b'],
  ['x', 'a\r\nb: c'],
  ['x', '\0'],
  ['x', 'y'.repeat(17_000)],
  ['expect', '100-continue'],
  ['content-type', 'application/grpc'],
  ['content-type', 'application/grpc-web+proto'],
  ['content-type', 'application/connect+proto'],
  ['content-type', 'application/proto'],
  ['content-type', 'application/json'],
  ['grpc-timeout', '1n'],
  ['grpc-timeout', 'x'],
  ['connect-timeout-ms', '-1'],
  ['grpc-encoding', 'gzip'],
];

const PATHS = [
  '/v1/upload/s3',
  '/v1/uploads',
  '/health',
  '/upload.v1.UploadService/CreateS3Upload',
  '/upload.v1.UploadService/Nothing',
  '/grpc.health.v1.Health/Watch',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
];

/** HPACK that is broken: indexes beyond the tables, integers without end, strings longer than the block. */
const BROKEN_BLOCKS = [
  '80',
  'ff',
  'ffffffffffffffffff',
  '3fffffffff07',
  '00',
  '007f',
  '0005616263',
  '40ff8001',
  'be',
  '20203fe11f',
  '0a83ffffff',
];

/** SETTINGS by identifier and value: impossible ones among them. */
const SETTINGS: readonly (readonly [identifier: number, value: number])[] = [
  [1, 0],
  [1, 0xffffffff],
  [2, 2],
  [3, 0],
  [4, 0x80000000],
  [4, 0],
  [4, 0x7fffffff],
  [5, 1],
  [5, 0xffffffff],
  [6, 1],
  [8, 2],
  [0x1234, 5],
];

export const http2Frames: FuzzTarget = {
  name: 'http2-frames',
  weight: 16,
  make: (chance, id) => {
    const frames = session(chance, id);
    for (let count = chance.below(3); count > 0; count--) {
      const at = chance.below(frames.length + 1);
      frames.splice(at, chance.below(2), spoilt(chance.pick(KINDS)(chance, id), chance));
    }
    const bytes = Buffer.concat(frames.map(frameBytes));
    const hostile = chance.happens(0.2) ? mutate(bytes, chance) : bytes;
    const opening = chance.happens(0.97) ? OPENING : chance.pick([PREFACE, mutate(OPENING, chance, 1)]);
    return { channel: 'http2-raw', pieces: split(Buffer.concat([opening, hostile]), chance, 3) };
  },
};

/** Calls in good order, one after the other. */
function session(chance: Chance, id: string): Frame[] {
  return Array.from({ length: 1 + chance.below(4) }, (_, i) => i * 2 + 1).flatMap((streamId) => {
    const hasBody = chance.happens(0.6);
    const block = fields(chance, id, chance.below(2));
    const cut = chance.happens(0.2) ? chance.below(block.length) : block.length;
    const body = { ...data(chance, id), streamId };
    const head = {
      ...headers(chance, id),
      streamId,
      flags: hasBody ? 0 : FLAGS.endStream,
      payload: block.subarray(0, cut),
    };
    return [
      cut < block.length ? head : { ...head, flags: head.flags | FLAGS.endHeaders },
      ...(cut < block.length
        ? [{ type: FRAMES.continuation, flags: FLAGS.endHeaders, streamId, payload: block.subarray(cut) }]
        : []),
      ...(hasBody && chance.happens(0.3) ? [{ ...body, flags: 0 }] : []),
      ...(hasBody ? [{ ...body, flags: FLAGS.endStream }] : []),
    ];
  });
}

function spoilt(usual: Frame, chance: Chance): Frame {
  return {
    ...usual,
    ...(chance.happens(0.1) ? { type: chance.below(256) } : {}),
    ...(chance.happens(0.1) ? { flags: chance.below(256) } : {}),
    ...(chance.happens(0.1)
      ? { announcedLength: chance.pick([0, 1, usual.payload.length + 1, 16_385, 0xffffff]) }
      : {}),
  };
}

type Kind = (chance: Chance, id: string) => Frame;

const headers: Kind = (chance, id) => {
  const isOpen = chance.happens(0.5);
  const block = chance.happens(0.15) ? Buffer.from(chance.pick(BROKEN_BLOCKS), 'hex') : fields(chance, id, 3);
  return {
    type: FRAMES.headers,
    flags: (isOpen ? 0 : FLAGS.endStream) | (chance.happens(0.85) ? FLAGS.endHeaders : 0),
    streamId: chance.pick(STREAM_IDS),
    payload: block,
  };
};

function fields(chance: Chance, id: string, most: number): Buffer {
  const usual: Field[] = [
    [':method', chance.pick(['POST', 'POST', 'GET', 'HEAD', 'OPTIONS'])],
    [':scheme', 'http'],
    [':path', chance.pick(PATHS)],
    [':authority', 'fuzz.test'],
    ['x-request-id', id],
    ...(chance.happens(0.5) ? [['authorization', `Bearer ${API_KEY}`] as const] : []),
  ];
  for (let count = chance.below(most + 1); count > 0; count--) {
    const at = chance.below(usual.length + 1);
    usual.splice(at, chance.below(2), chance.pick(FIELDS));
  }
  return headerBlock(usual);
}

const data: Kind = (chance) => ({
  type: FRAMES.data,
  flags: chance.pick([0, FLAGS.endStream, FLAGS.padded, FLAGS.padded | FLAGS.endStream]),
  streamId: chance.pick(STREAM_IDS),
  payload: chance.happens(0.5) ? Buffer.from('{"filename":"a"}') : chance.bytes(chance.below(64)),
});

const continuation: Kind = (chance) => ({
  type: FRAMES.continuation,
  flags: chance.happens(0.5) ? FLAGS.endHeaders : 0,
  streamId: chance.pick(STREAM_IDS),
  payload: chance.happens(0.5) ? headerBlock([chance.pick(FIELDS)]) : chance.bytes(chance.below(32)),
});

const settings: Kind = (chance) => ({
  type: FRAMES.settings,
  flags: chance.happens(0.8) ? 0 : FLAGS.ack,
  streamId: 0,
  payload: Buffer.concat(
    Array.from({ length: chance.below(4) }, () => {
      const [identifier, value] = chance.pick(SETTINGS);
      return Buffer.concat([Buffer.of(identifier >> 8, identifier & 0xff), uint32(value)]);
    }),
  ),
});

const words =
  (type: number, count: number, values: readonly number[]): Kind =>
  (chance) => ({
    type,
    flags: 0,
    streamId: chance.pick(STREAM_IDS),
    payload: Buffer.concat(Array.from({ length: count }, () => uint32(chance.pick(values)))),
  });

const KINDS: readonly [Kind, ...Kind[]] = [
  headers,
  headers,
  headers,
  data,
  data,
  continuation,
  settings,
  words(FRAMES.reset, 1, [0, 1, 2, 8, 0xffffffff]),
  words(FRAMES.windowUpdate, 1, [0, 1, 0x7fffffff, 0x80000000]),
  words(FRAMES.ping, 2, [0, 0xffffffff]),
  words(FRAMES.goAway, 2, [0, 1, 0x7fffffff]),
  words(FRAMES.priority, 1, [0, 1, 3]),
  words(FRAMES.push, 1, [2, 4]),
];
