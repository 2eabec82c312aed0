import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { PutRequest } from './put-signer.ts';

/** The member of the SDK's PutObject that becomes each header. */
const MEMBERS = {
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
  'content-md5': 'ContentMD5',
  'content-type': 'ContentType',
  'if-none-match': 'IfNoneMatch',
  'x-amz-acl': 'ACL',
  'x-amz-checksum-crc32': 'ChecksumCRC32',
  'x-amz-checksum-crc32c': 'ChecksumCRC32C',
  'x-amz-checksum-crc64nvme': 'ChecksumCRC64NVME',
  'x-amz-checksum-sha1': 'ChecksumSHA1',
  'x-amz-checksum-sha256': 'ChecksumSHA256',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-tagging': 'Tagging',
} as const satisfies Readonly<Record<string, keyof PutObjectCommandInput>>;

const MEMBER_OF: ReadonlyMap<string, string> = new Map(Object.entries(MEMBERS));
const METADATA_PREFIX = 'x-amz-meta-';

/** The SDK's PutObject that sends exactly these headers. Throws a TypeError for a header that it has no member for. */
export function putObjectInput(bucket: string, { objectKey, headers }: PutRequest): PutObjectCommandInput {
  const members: (readonly [string, string])[] = [];
  const metadata: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const member = MEMBER_OF.get(name);
    if (member !== undefined) members.push([member, value]);
    else if (name.startsWith(METADATA_PREFIX)) metadata.push([name.slice(METADATA_PREFIX.length), value]);
    else if (name !== 'content-length') throw new TypeError(`PutObject has no member for the header ${name}`);
  }
  return {
    ...Object.fromEntries(members),
    Bucket: bucket,
    Key: objectKey,
    ContentLength: Number(headers['content-length']),
    // Not filled by assignment: a name such as __proto__ would get lost.
    Metadata: Object.fromEntries(metadata),
  };
}
