// The options of uploads, from the contract's messages to the uploads room's nouns.
import type { Checksum as ChecksumMessage } from '../../gen/upload/v1/object_options_pb.js';
import type { CreateS3UploadRequest } from '../../gen/upload/v1/upload_service_pb.js';
import type { Checksum, UploadOptions } from '../uploads/upload.ts';

/** The fields that requests of uploads have in common. */
type OptionFields = Pick<
  CreateS3UploadRequest,
  | 'checksum'
  | 'overwrite'
  | 'expiresIn'
  | 'cacheControl'
  | 'contentLanguage'
  | 'contentEncoding'
  | 'contentDisposition'
  | 'metadata'
  | 'tags'
  | 'encryption'
  | 'storageClass'
  | 'acl'
>;

/** What the request asks for beside name, type and size; undefined where that is nothing, so that it costs nothing. */
export function uploadOptionsOf(request: OptionFields): UploadOptions | undefined {
  const { checksum, overwrite, expiresIn, encryption, storageClass, acl } = request;
  const { cacheControl, contentLanguage, contentEncoding, contentDisposition } = request;
  const metadata = presentEntries(request.metadata);
  const tags = presentEntries(request.tags);
  const asked =
    checksum ??
    overwrite ??
    expiresIn ??
    metadata ??
    tags ??
    encryption ??
    storageClass ??
    acl ??
    cacheControl ??
    contentLanguage ??
    contentEncoding ??
    contentDisposition;
  if (asked === undefined) return undefined;
  return {
    checksum: checksum && checksumOf(checksum),
    overwrite,
    expiresInSeconds: expiresIn,
    cacheControl,
    contentLanguage,
    contentEncoding,
    contentDisposition,
    metadata,
    tags,
    encryption,
    storageClass,
    acl,
  };
}

function presentEntries(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  for (const _ in map) return map;
  return undefined;
}

function checksumOf({ algorithm, md5 }: ChecksumMessage): Checksum {
  const kept =
    algorithm.case === undefined ? undefined : { algorithm: algorithm.case, value: algorithm.value };
  return { kept, md5 };
}
