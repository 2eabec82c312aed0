// Requests as members of the AWS SDK's calls.
import type {
  CreateMultipartUploadCommandInput,
  PutObjectCommandInput,
  UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import type { PartRequest, PartsRequest, PutRequest } from './signer.ts';

/** The member of the SDK's PutObject and CreateMultipartUpload that becomes each header which S3 keeps with an object. */
const OBJECT_MEMBERS = {
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
  'content-type': 'ContentType',
  'x-amz-acl': 'ACL',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-tagging': 'Tagging',
} as const satisfies Readonly<
  Record<string, keyof PutObjectCommandInput & keyof CreateMultipartUploadCommandInput>
>;

/** The same of PutObject and UploadPart, for headers that tell of a body. */
const BODY_MEMBERS = {
  'content-md5': 'ContentMD5',
  'x-amz-checksum-crc32': 'ChecksumCRC32',
  'x-amz-checksum-crc32c': 'ChecksumCRC32C',
  'x-amz-checksum-crc64nvme': 'ChecksumCRC64NVME',
  'x-amz-checksum-sha1': 'ChecksumSHA1',
  'x-amz-checksum-sha256': 'ChecksumSHA256',
} as const satisfies Readonly<Record<string, keyof PutObjectCommandInput & keyof UploadPartCommandInput>>;

/** The same of PutObject, for headers that say on what condition it is taken. */
const CONDITION_MEMBERS = { 'if-none-match': 'IfNoneMatch' } as const satisfies Readonly<
  Record<string, keyof PutObjectCommandInput>
>;

const MEMBERS_OF_OBJECT: ReadonlyMap<string, string> = new Map(Object.entries(OBJECT_MEMBERS));
const MEMBERS_OF_PART: ReadonlyMap<string, string> = new Map(Object.entries(BODY_MEMBERS));
const MEMBERS_OF_PUT: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...OBJECT_MEMBERS, ...BODY_MEMBERS, ...CONDITION_MEMBERS }),
);
const METADATA_PREFIX = 'x-amz-meta-';

/** Every header that a PUT can be signed with, beside its length and metadata. */
export const PUT_HEADERS: readonly string[] = [...MEMBERS_OF_PUT.keys()];

/** The SDK's PutObject that sends exactly these headers. Throws a TypeError for a header that it has no member for. */
export function putObjectInput(bucket: string, { objectKey, headers }: PutRequest): PutObjectCommandInput {
  const { 'content-length': length, ...others } = headers;
  return {
    ...membersWithMetadata(others, MEMBERS_OF_PUT),
    Bucket: bucket,
    Key: objectKey,
    ContentLength: Number(length),
  };
}

/** The SDK's UploadPart that sends exactly these headers. Throws a TypeError for a header that it has no member for. */
export function uploadPartInput(
  bucket: string,
  { objectKey, s3UploadId }: PartsRequest,
  { partNumber, headers }: PartRequest,
): UploadPartCommandInput {
  const { 'content-length': length, ...others } = headers;
  return {
    ...membersFrom(others, MEMBERS_OF_PART),
    Bucket: bucket,
    Key: objectKey,
    UploadId: s3UploadId,
    PartNumber: partNumber,
    ContentLength: Number(length),
  };
}

/** Of headers that S3 keeps with an object, the members of an SDK call. Throws a TypeError for any other header. */
export function objectMembers(
  headers: Readonly<Record<string, string>>,
): Pick<
  CreateMultipartUploadCommandInput,
  (typeof OBJECT_MEMBERS)[keyof typeof OBJECT_MEMBERS] | 'Metadata'
> {
  return membersWithMetadata(headers, MEMBERS_OF_OBJECT);
}

function membersWithMetadata(
  headers: Readonly<Record<string, string>>,
  memberOf: ReadonlyMap<string, string>,
) {
  const entries = Object.entries(headers);
  const others = entries.filter(([name]) => !name.startsWith(METADATA_PREFIX));
  const metadata = entries
    .filter(([name]) => name.startsWith(METADATA_PREFIX))
    .map(([name, value]) => [name.slice(METADATA_PREFIX.length), value] as const);
  // Not filled by assignment: a name such as __proto__ would get lost.
  return { ...membersFrom(Object.fromEntries(others), memberOf), Metadata: Object.fromEntries(metadata) };
}

function membersFrom(headers: Readonly<Record<string, string>>, memberOf: ReadonlyMap<string, string>) {
  const members = Object.entries(headers).map(([name, value]) => {
    const member = memberOf.get(name);
    if (member === undefined) throw new TypeError(`the SDK has no member for the header ${name}`);
    return [member, value] as const;
  });
  return Object.fromEntries(members);
}
