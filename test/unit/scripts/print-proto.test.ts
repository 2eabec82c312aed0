import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { clone, type DescFile, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file_access_v1_access } from '../../../gen/access/v1/access_pb.js';
import { file_google_api_annotations } from '../../../gen/google/api/annotations_pb.js';
import { file_google_api_http } from '../../../gen/google/api/http_pb.js';
import { file_grpc_health_v1_health } from '../../../gen/grpc/health/v1/health_pb.js';
import { file_grpc_reflection_v1_reflection } from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import { file_upload_v1_download } from '../../../gen/upload/v1/download_pb.js';
import { file_upload_v1_object_options } from '../../../gen/upload/v1/object_options_pb.js';
import { file_upload_v1_part } from '../../../gen/upload/v1/part_pb.js';
import { file_upload_v1_upload } from '../../../gen/upload/v1/upload_pb.js';
import { file_upload_v1_upload_service } from '../../../gen/upload/v1/upload_service_pb.js';
import { file_upload_v1_upload_token } from '../../../gen/upload/v1/upload_token_pb.js';
import { printProto } from '../../../scripts/print-proto.ts';

const root = join(import.meta.dirname, '../../..');

/** Between them they use proto2 and proto3, services and streams, maps, oneofs, presence, extensions, reservations. */
const FILES: readonly DescFile[] = [
  file_buf_validate_validate,
  file_access_v1_access,
  file_google_api_http,
  file_google_api_annotations,
  file_grpc_health_v1_health,
  file_grpc_reflection_v1_reflection,
  file_upload_v1_object_options,
  file_upload_v1_part,
  file_upload_v1_upload,
  file_upload_v1_download,
  file_upload_v1_upload_token,
  file_upload_v1_upload_service,
];

/** Compiles every file below the folder with buf. */
function compile(dir: string): Map<string, Uint8Array> {
  const output = join(dir, 'compiled.binpb');
  const buf = join(root, 'node_modules/.bin/buf');
  const { status, stderr } = spawnSync(buf, ['build', dir, '--as-file-descriptor-set', '-o', output], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const { file } = fromBinary(FileDescriptorSetSchema, readFileSync(output));
  return new Map(file.map((proto) => [proto.name, comparable(proto)]));
}

/** Without what the compiler adds and generated code leaves out: positions, comments, and derived JSON names. */
function comparable(proto: DescFile['proto']): Uint8Array {
  const copy = clone(FileDescriptorProtoSchema, proto);
  delete copy.sourceCodeInfo;
  const forgetNames = (message: DescriptorProto) => {
    for (const field of [...message.field, ...message.extension]) field.jsonName = '';
    message.nestedType.forEach(forgetNames);
  };
  copy.messageType.forEach(forgetNames);
  for (const field of copy.extension) field.jsonName = '';
  return toBinary(FileDescriptorProtoSchema, copy);
}

describe('a printed file', () => {
  let dir: string;
  let compiled: Map<string, Uint8Array>;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'presignd-protos-'));
    for (const file of FILES) {
      const path = join(dir, file.proto.name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, printProto(file, '// A header.'));
    }
    compiled = compile(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it.each(FILES.map((file) => [file.proto.name, file] as const))(
    'compiles to its own descriptor: %s',
    (name, file) => {
      expect(compiled.get(name)).toEqual(comparable(file.proto));
    },
  );
});

describe('the vendored buf/validate/validate.proto', () => {
  it('is the contract that protovalidate evaluates', () => {
    const dir = mkdtempSync(join(tmpdir(), 'presignd-protos-'));
    try {
      cpSync(join(root, 'proto/third_party/buf'), join(dir, 'buf'), { recursive: true });
      expect(compile(dir).get('buf/validate/validate.proto')).toEqual(
        comparable(file_buf_validate_validate.proto),
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
