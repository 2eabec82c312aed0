import { cpus, release, totalmem, type } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };

/** The packages whose version explains a figure. */
const PACKAGES = [
  '@connectrpc/connect-node',
  '@bufbuild/protobuf',
  '@bufbuild/protovalidate',
  '@aws-sdk/client-s3',
  '@aws-sdk/s3-request-presigner',
  'aws4fetch',
  '@grpc/grpc-js',
  'ioredis',
  'pino',
] as const;

/** Two lines about where figures come from. */
export function machineLines(): readonly string[] {
  const processors = cpus();
  const memoryGb = Math.round(totalmem() / 1e9);
  const pinned: Readonly<Record<string, string>> = {
    ...packageJson.dependencies,
    ...packageJson.devDependencies,
  };
  return [
    `Machine: ${processors[0]?.model ?? 'unknown CPU'}, ${processors.length} cores, ${memoryGb} GB, ${type()} ${release()}.`,
    `Versions: Node ${process.versions.node}, ${PACKAGES.map((name) => `${name} ${pinned[name] ?? '?'}`).join(', ')}.`,
  ];
}
