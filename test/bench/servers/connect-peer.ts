// The same service as one would write it in an afternoon: connect-node's adapter, the AWS SDK, a map of keys.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { UploadService } from '../../../gen/upload/v1/upload_service_pb.js';
import { BUCKET, CREDENTIALS, REGION } from '../example.ts';

const TTL_SECONDS = 900;

const [port, apiKey = ''] = process.argv.slice(2);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const owners = new Map([[sha256(apiKey), 'default']]);
const client = new S3Client({
  region: REGION,
  credentials: CREDENTIALS,
  requestChecksumCalculation: 'WHEN_REQUIRED',
});

const handler = connectNodeAdapter({
  routes: (router) =>
    router.service(UploadService, {
      createS3Upload: async ({ filename, contentType, size }, { requestHeader }) => {
        const token = requestHeader.get('authorization')?.replace(/^Bearer /i, '') ?? '';
        const owner = owners.get(sha256(token));
        if (owner === undefined) throw new ConnectError('invalid API key', Code.Unauthenticated);
        const fileKey = `${owner}/${randomUUID()}/${encodeURIComponent(filename)}`;
        const command = new PutObjectCommand({
          Bucket: BUCKET,
          Key: fileKey,
          ContentType: contentType,
          ContentLength: Number(size),
        });
        return {
          uploadUrl: await getSignedUrl(client, command, {
            expiresIn: TTL_SECONDS,
            signableHeaders: new Set(['content-type']),
          }),
          publicUrl: `https://${BUCKET}.s3.${REGION}.amazonaws.com/${fileKey}`,
          fileKey,
          method: 'PUT',
          headers: { 'content-length': String(size), 'content-type': contentType },
          expiresAt: timestampFromMs(Date.now() + TTL_SECONDS * 1000),
        };
      },
    }),
});
createServer(handler).listen(Number(port), '127.0.0.1');
