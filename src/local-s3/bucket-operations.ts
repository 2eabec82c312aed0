import type { Call, Operation, OperationContext } from './call.ts';
import { isoTime, readText, replyEmpty, replyWithXml } from './call.ts';
import { listPage } from './list-objects.ts';
import { keyEncoding, pageSizeFromQuery } from './paging.ts';
import { S3Error } from './s3-error.ts';
import { childrenByName, parseXml } from './xml-parser.ts';

type BucketOperation = 'listBuckets' | 'createBucket' | 'headBucket' | 'getBucketLocation' | 'listObjectsV2';

const OWNER = { ID: 'local', DisplayName: 'local' };
const MAX_CONFIGURATION_BYTES = 16 * 1024;

export function createBucketOperations(context: OperationContext): Record<BucketOperation, Operation> {
  const { store, region, wallClockMs } = context;
  return {
    async listBuckets({ response }) {
      const Bucket = store.objects
        .listBuckets()
        .map(({ name, createdMs }) => ({ Name: name, CreationDate: isoTime(createdMs) }));
      replyWithXml(response, 'ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket } });
    },

    async createBucket(call) {
      await checkBucketConfiguration(call, region);
      store.objects.createBucket(call.target.bucket, wallClockMs());
      replyEmpty(call.response, 200, { location: `/${call.target.bucket}` });
    },

    async headBucket({ target, response }) {
      store.objects.requireBucket(target.bucket);
      replyEmpty(response, 200, { 'x-amz-bucket-region': region });
    },

    async getBucketLocation({ target, response }) {
      store.objects.requireBucket(target.bucket);
      // The oldest region goes without saying.
      replyWithXml(response, 'LocationConstraint', region === 'us-east-1' ? '' : region);
    },

    async listObjectsV2(call) {
      listObjectsV2(context, call);
    },
  };
}

async function checkBucketConfiguration(call: Call, region: string): Promise<void> {
  if (call.message.headers['content-length'] === undefined) return;
  const text = await readText(call, { maxBytes: MAX_CONFIGURATION_BYTES });
  if (text === '') return;
  const root = parseXml(text);
  if (root.name !== 'CreateBucketConfiguration') throw new S3Error('MalformedXML');
  if (root.children.some(({ name }) => name !== 'LocationConstraint')) {
    throw new S3Error('NotImplemented', 'This development endpoint does not implement settings of buckets.');
  }
  const location = childrenByName(root, ['LocationConstraint']).get('LocationConstraint')?.text;
  if (location !== undefined && location !== region) {
    throw new S3Error('InvalidArgument', `The location constraint has to be "${region}".`);
  }
}

function listObjectsV2({ store }: OperationContext, { target, response }: Call): void {
  const { bucket, query } = target;
  store.objects.requireBucket(bucket);
  if (query.get('list-type') !== '2') {
    throw new S3Error('InvalidArgument', 'Invalid List Type specified in Request');
  }
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const maxKeys = pageSizeFromQuery(query, 'max-keys');
  const token = query.get('continuation-token');
  const page = listPage((after) => store.objects.scan(bucket, prefix, after), {
    prefix,
    delimiter,
    maxKeys,
    after: token === undefined ? (query.get('start-after') ?? '') : keyFromToken(token),
  });
  const encode = keyEncoding(query);
  replyWithXml(response, 'ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: maxKeys,
    EncodingType: query.get('encoding-type'),
    KeyCount: page.objects.length + page.commonPrefixes.length,
    IsTruncated: page.nextAfter !== undefined,
    ContinuationToken: token,
    NextContinuationToken: page.nextAfter === undefined ? undefined : tokenFromKey(page.nextAfter),
    StartAfter: query.has('start-after') ? encode(query.get('start-after') ?? '') : undefined,
    Contents: page.objects.map(({ key, etag, size, modifiedMs, checksum }) => ({
      Key: encode(key),
      LastModified: isoTime(modifiedMs),
      ETag: `"${etag}"`,
      ChecksumAlgorithm: checksum?.algorithm.toUpperCase(),
      ChecksumType: checksum?.type,
      Size: size,
      Owner: query.get('fetch-owner') === 'true' ? OWNER : undefined,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  });
}

function tokenFromKey(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function keyFromToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (key === '' || tokenFromKey(key) !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  }
  return key;
}
