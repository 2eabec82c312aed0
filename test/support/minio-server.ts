import { TEST_IMAGES } from './images.ts';
import { createBuckets, type S3Access } from './s3-buckets.ts';
import { startServer, type TestServer } from './test-server.ts';

/** What a client needs to reach a MinIO. */
export type MinioAccess = S3Access;

export interface MinioServer extends TestServer {
  readonly access: MinioAccess;
}

const CREDENTIALS = { accessKeyId: 'presignd-test', secretAccessKey: 'presignd-test-secret' } as const;
const REGION = 'us-east-1';

/** The one key that it encrypts with. */
export const KMS_KEY_ID = 'presignd-test-key';

/** A MinIO of its own for a test, with its two buckets. What it stores survives `restart`. */
export async function startMinio(): Promise<MinioServer> {
  const server = await startServer({
    name: 'MinIO',
    image: TEST_IMAGES.minio,
    containerPort: 9000,
    containerCommand: ['server', '--console-address', ':9001', '/data'],
    environment: {
      MINIO_ROOT_USER: CREDENTIALS.accessKeyId,
      MINIO_ROOT_PASSWORD: CREDENTIALS.secretAccessKey,
      MINIO_REGION: REGION,
      // Without a key MinIO refuses every request for encryption.
      MINIO_KMS_SECRET_KEY: `${KMS_KEY_ID}:${Buffer.alloc(32, 7).toString('base64')}`,
    },
    program: 'minio',
    programArguments: (port, folder) =>
      // Port 0 would leave the console on a random port of every interface.
      ['server', '--address', `127.0.0.1:${port}`, '--console-address', '127.0.0.1:0', folder],
    answers: async (host, port) => {
      const url = `http://${host}:${port}/minio/health/ready`;
      return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
    },
  });
  const access: MinioAccess = {
    endpoint: `http://${server.host}:${server.port}`,
    ...CREDENTIALS,
    region: REGION,
    bucket: 'uploads',
    publicBucket: 'public-uploads',
  };
  await createBuckets(access);
  return { ...server, access };
}
