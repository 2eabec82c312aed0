import { type Compression, compressionNegotiate } from '@connectrpc/connect/protocol';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import type { HttpRequest } from './http-handler.ts';

export const COMPRESSIONS: Compression[] = [compressionGzip, compressionBrotli];

/** A presigned upload is about a kilobyte; compressing that costs more than it saves. Reflection answers are larger. */
export const COMPRESS_MIN_BYTES = 8 * 1024;

/** How the answer to a request that is not compressed may be, by the header that says so. */
export function acceptedCompression(request: HttpRequest, acceptHeader: string): Compression | undefined {
  const accepted = request.headers[acceptHeader];
  if (accepted === undefined) return undefined;
  return compressionNegotiate(COMPRESSIONS, null, String(accepted), acceptHeader).response ?? undefined;
}
