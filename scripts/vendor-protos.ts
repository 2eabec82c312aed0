// Brings the contracts that ours build on into proto/third_party, from the npm packages that ship them, and that of the
// conformance runner into test/conformance/proto, from the Go module that ships it.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { CONFORMANCE_MODULE } from './conformance-runner.ts';
import { printProto } from './print-proto.ts';
import { root, run } from './run.ts';

/** By their import path: where each file lies below node_modules. */
const COPIED: Readonly<Record<string, string>> = {
  'google/api/annotations.proto': 'google-gax/build/protos/google/api/annotations.proto',
  'google/api/http.proto': 'google-gax/build/protos/google/api/http.proto',
  'google/rpc/error_details.proto': 'google-gax/build/protos/google/rpc/error_details.proto',
  'google/rpc/status.proto': 'google-gax/build/protos/google/rpc/status.proto',
  'grpc/health/v1/health.proto': 'grpc-health-check/proto/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto': '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto':
    '@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto',
};

/** No npm package ships this file's source; its descriptor is in the code that protovalidate runs on. */
const PRINTED = 'buf/validate/validate.proto';
const PRINTED_HEADER =
  '// Restored from the descriptor in @bufbuild/protovalidate (Apache-2.0), which holds no comments.';

/** Of the conformance runner's contract, what a server needs. */
const CONFORMANCE = ['config', 'server_compat', 'service'].map(
  (name) => `connectrpc/conformance/v1/${name}.proto`,
);

function targetOf(importPath: string, folder = 'proto/third_party'): string {
  const target = join(root, folder, importPath);
  mkdirSync(dirname(target), { recursive: true });
  return target;
}

for (const [importPath, source] of Object.entries(COPIED)) {
  copyFileSync(join(root, 'node_modules', source), targetOf(importPath));
}
writeFileSync(targetOf(PRINTED), printProto(file_buf_validate_validate, PRINTED_HEADER));
const { ok, output } = run('buf', ['format', '-w', '--path', `proto/third_party/${PRINTED}`]);
if (!ok) throw new Error(output);

const download = run('go', ['mod', 'download', '-json', CONFORMANCE_MODULE]);
if (!download.ok) throw new Error(`Go brings the contract of the conformance runner: ${download.output}`);
const { Dir: moduleFolder } = JSON.parse(download.output);
for (const importPath of CONFORMANCE) {
  const target = targetOf(importPath, 'test/conformance/proto');
  copyFileSync(join(moduleFolder, 'proto', importPath), target);
  // Go keeps its modules unwritable, and a copy takes that on.
  chmodSync(target, 0o644);
}
