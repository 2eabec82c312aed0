import { describe } from 'vitest';
import { describeCors } from './s3/cors.ts';
import { describeForms } from './s3/forms.ts';
import { describeIntegrity } from './s3/integrity.ts';
import { describeKeys } from './s3/keys.ts';
import { describeListing } from './s3/listing.ts';
import { describeMultipart } from './s3/multipart.ts';
import { describeMultipartChecksums } from './s3/multipart-checksums.ts';
import { describePlans } from './s3/plans.ts';
import { describePresignedUrls } from './s3/presigned-urls.ts';
import { describePublicReads } from './s3/public-reads.ts';
import { describeReads } from './s3/reads.ts';
import { describeFormShape } from './s3/shape-form.ts';
import { describePartShape } from './s3/shape-parts.ts';
import { describePutShape } from './s3/shape-put.ts';
import type { S3Subject } from './s3/subject.ts';
import { describeUploadOptions } from './s3/upload-options.ts';
import { describeUploads } from './s3/uploads.ts';

/**
 * What an S3 endpoint does, as far as presigned uploads depend on it. The same guarantees are shown on the development
 * endpoint and on a real server, so that what works in development holds in production.
 */
export function describeS3(name: string, subject: () => S3Subject): void {
  describe(`S3: ${name}`, () => {
    describePresignedUrls(subject);
    describePlans(subject);
    describeUploadOptions(subject);
    describePutShape(subject);
    describeFormShape(subject);
    describePartShape(subject);
    describePublicReads(subject);
    describeUploads(subject);
    describeIntegrity(subject);
    describeReads(subject);
    describeListing(subject);
    describeMultipart(subject);
    describeMultipartChecksums(subject);
    describeForms(subject);
    describeCors(subject);
    describeKeys(subject);
  });
}
