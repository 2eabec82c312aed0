// Messages whose wire format lies, in envelopes that lie too.

import { gzipSync } from 'node:zlib';
import { type DescMethod, fromJson, toBinary } from '@bufbuild/protobuf';
import { ApiKeyService } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import { UploadService } from '../../../gen/upload/v1/upload_service_pb.js';
import type { Chance } from '../chance.ts';
import type { FuzzTarget } from '../input.ts';
import { UPLOAD_IDS } from '../known.ts';
import { mutate } from '../mutate.ts';
import { authorized, http1Bytes, http2Block, overEither } from '../wire/requests.ts';

interface Sample {
  readonly path: string;
  readonly message: Buffer;
}

function sample(method: DescMethod, json: Parameters<typeof fromJson>[1]): Sample {
  const message = toBinary(method.input, fromJson(method.input, json));
  return { path: `/${method.parent.typeName}/${method.name}`, message: Buffer.from(message) };
}

const FILE = { filename: 'John Doe.pdf', contentType: 'application/pdf', size: '42' };

const SAMPLES: readonly [Sample, ...Sample[]] = [
  sample(UploadService.method.createS3Upload, {
    ...FILE,
    metadata: { a: 'b' },
    tags: { a: 'b' },
    expiresIn: 60,
  }),
  sample(UploadService.method.createUpload, { ...FILE }),
  sample(UploadService.method.batchCreateUploads, { uploads: [FILE, FILE] }),
  sample(UploadService.method.getUpload, { uploadId: UPLOAD_IDS.put }),
  sample(UploadService.method.signParts, { uploadId: UPLOAD_IDS.multipart }),
  sample(UploadService.method.createUploadToken, { actions: ['create'] }),
  sample(ApiKeyService.method.listApiKeys, { page: 1 }),
  sample(ApiKeyService.method.whoAmI, {}),
  sample(Health.method.check, { service: '' }),
  sample(ServerReflection.method.serverReflectionInfo, { listServices: '' }),
];

/** Wire format that is broken, or that only looks so (https://protobuf.dev/programming-guides/encoding). */
const WIRE = [
  'ffffffffffffffffff01',
  'ffffffffffffffffffffff',
  '00',
  '07',
  '0f',
  '0b'.repeat(200),
  '0c',
  '0aff',
  '0affffffff0f',
  '0a80808080808080808001',
  '12ffffffff07',
  '08808080808080808080808001',
  '0d0000',
  '0900',
  '1a0108',
  '0a02c328',
  '0a03eda080',
  '98f5ffff0f01',
  '18ffffffffffffffffff01',
  '0a8080808000',
  'fa7f00',
  `${'0b'.repeat(64)}${'0c'.repeat(64)}`,
  '2203ffffff',
  '3a020a00',
  '0a00'.repeat(500),
] as const;

const WEB_TYPES = [
  'application/grpc-web',
  'application/grpc-web+proto',
  'application/grpc-web-text',
] as const;

export const protobufBodies: FuzzTarget = {
  name: 'protobuf-bodies',
  weight: 20,
  make: (chance, id) => {
    const { path, message } = chance.pick(SAMPLES);
    const spoilt = chance.happens(0.8) ? spoil(message, chance) : message;
    const protocol = chance.pick(['connect', 'connect', 'grpc', 'grpc-web', 'stream'] as const);
    if (protocol === 'connect') {
      const isZipped = chance.happens(0.1);
      const encoding = { 'content-encoding': chance.pick(['gzip', 'br', 'x']) };
      const headers = authorized(id, { 'content-type': 'application/proto', ...(isZipped ? encoding : {}) });
      const body = isZipped ? gzipSync(spoilt) : spoilt;
      return overEither({ method: 'POST', path, headers, body }, chance);
    }
    const body = envelopes(spoilt, chance);
    const more = chance.happens(0.15) ? { 'grpc-encoding': chance.pick(['gzip', 'br', 'x']) } : {};
    const type = {
      grpc: chance.pick(['application/grpc', 'application/grpc+proto', 'application/grpc+json']),
      'grpc-web': chance.pick(WEB_TYPES),
      stream: 'application/connect+proto',
    }[protocol];
    const request = {
      method: 'POST',
      path,
      headers: authorized(id, { 'content-type': type, te: 'trailers', ...more }),
      body,
    };
    // gRPC needs HTTP/2; over HTTP/1.1 it is one more thing to refuse.
    return protocol === 'grpc' && chance.happens(0.9)
      ? { channel: 'http2', pieces: [http2Block(request), body] }
      : chance.happens(0.5)
        ? { channel: 'http1', pieces: [http1Bytes(request)] }
        : { channel: 'http2', pieces: [http2Block(request), body] };
  },
};

function spoil(message: Buffer, chance: Chance): Buffer {
  const junk = Buffer.from(chance.pick(WIRE), 'hex');
  return chance.pick([
    () => mutate(message, chance),
    () => Buffer.concat([message, junk]),
    () => Buffer.concat([junk, message]),
    () => junk,
    () => chance.bytes(chance.below(64)),
    () => Buffer.concat([message, message]),
  ])();
}

/** One envelope or several, with lengths and flags that may be wrong. */
function envelopes(message: Buffer, chance: Chance): Buffer {
  if (chance.happens(0.05)) return chance.bytes(chance.below(32));
  const count = chance.happens(0.85) ? 1 : chance.below(4);
  return Buffer.concat(
    Array.from({ length: count }, () => {
      const isZipped = chance.happens(0.1);
      const payload = isZipped ? gzipSync(message) : message;
      const head = Buffer.alloc(5);
      head[0] = chance.happens(0.85) ? Number(isZipped) : chance.pick([0, 1, 2, 3, 0x80, 0xff]);
      const length = chance.happens(0.85)
        ? payload.length
        : chance.pick([0, 1, payload.length + 1, 65_537, 0x7fffffff, 0xffffffff]);
      head.writeUInt32BE(length, 1);
      return Buffer.concat([head, payload]);
    }),
  );
}
