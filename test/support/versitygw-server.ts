import { PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { startProcess } from './process-server.ts';
import { createBuckets, type S3Access } from './s3-buckets.ts';
import type { TestServer } from './test-server.ts';

export interface VersitygwServer extends TestServer {
  readonly access: S3Access;
}

/** The program's name on the PATH: `go install github.com/versity/versitygw/cmd/versitygw@latest`. */
export const VERSITYGW = 'versitygw';

const CREDENTIALS = { accessKeyId: 'presignd-test', secretAccessKey: 'presignd-test-secret' } as const;
const REGION = 'us-east-1';

/** A Versity S3 Gateway over a temporary folder, with its two buckets, which allow `origin` to read and write. */
export async function startVersitygw(origin: string): Promise<VersitygwServer> {
  const server = await startProcess({
    environment: {
      ROOT_ACCESS_KEY: CREDENTIALS.accessKeyId,
      ROOT_SECRET_KEY: CREDENTIALS.secretAccessKey,
      VGW_REGION: REGION,
    },
    program: VERSITYGW,
    // Not every file system of temporary folders has extended attributes, so metadata gets a folder of its own.
    prepareProgram: ['mkdir', 'objects', 'metadata'],
    programArguments: (port, folder) => [
      '--port',
      `127.0.0.1:${port}`,
      '--quiet',
      '--keep-alive',
      'posix',
      '--sidecar',
      `${folder}/metadata`,
      `${folder}/objects`,
    ],
    answers: async (host, port) => {
      const answer = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(1_000) });
      return answer.status === 403;
    },
  });
  const access: S3Access = {
    endpoint: `http://${server.host}:${server.port}`,
    ...CREDENTIALS,
    region: REGION,
    bucket: 'uploads',
    publicBucket: 'public-uploads',
  };
  await createBuckets(access);
  await allowOrigin(origin, access);
  return { ...server, access };
}

async function allowOrigin(origin: string, access: S3Access): Promise<void> {
  const { endpoint, region } = access;
  const client = new S3Client({ endpoint, region, credentials: access, forcePathStyle: true });
  const rule = {
    AllowedOrigins: [origin],
    AllowedMethods: ['GET', 'HEAD', 'PUT', 'POST'],
    AllowedHeaders: ['*'],
  };
  try {
    for (const Bucket of [access.bucket, access.publicBucket])
      await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
  } finally {
    client.destroy();
  }
}
