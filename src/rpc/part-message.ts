// Between the contract's messages of parts and the uploads room's nouns.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type {
  ListPartsResponseSchema,
  SignedPartSchema,
  SignPartsRequest as SignPartsMessage,
} from '../../gen/upload/v1/part_pb.js';
import type { IssuedPart, PartsListing, SignPartsRequest } from '../uploads/outcomes.ts';

export function signPartsRequestFrom({ ranges, parts, expiresIn }: SignPartsMessage): SignPartsRequest {
  return { ranges, parts, expiresInSeconds: expiresIn };
}

export function issuedPartMessage(part: IssuedPart) {
  const { partNumber, url, headers, sizeBytes, offsetBytes, expiresAtMs } = part;
  return {
    partNumber,
    url,
    headers,
    size: BigInt(sizeBytes),
    offset: BigInt(offsetBytes),
    expiresAt: timestampFromMs(expiresAtMs),
  } satisfies MessageInitShape<typeof SignedPartSchema>;
}

export function partsListingMessage({ parts, missing, partSizeBytes, partCount }: PartsListing) {
  return {
    parts: parts.map(({ partNumber, sizeBytes, etag, checksum = '' }) => ({
      partNumber,
      size: BigInt(sizeBytes),
      etag,
      checksum,
    })),
    missing: missing.map(({ first, last }) => ({ first, last })),
    partSize: BigInt(partSizeBytes),
    partCount,
  } satisfies MessageInitShape<typeof ListPartsResponseSchema>;
}
