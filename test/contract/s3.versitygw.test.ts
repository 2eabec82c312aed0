import { afterAll, beforeAll } from 'vitest';
import { describeUnless } from '../support/available.ts';
import { missingTool } from '../support/tool.ts';
import { startVersitygw, VERSITYGW, type VersitygwServer } from '../support/versitygw-server.ts';
import { describeObjectStorage } from './object-storage.suite.ts';
import { describeCors } from './s3/cors.ts';
import { describeMultipartChecksums } from './s3/multipart-checksums.ts';
import { describePlans } from './s3/plans.ts';
import { describePresignedUrls } from './s3/presigned-urls.ts';
import { describeFormShape } from './s3/shape-form.ts';
import { describePartShape } from './s3/shape-parts.ts';
import { describePutShape } from './s3/shape-put.ts';
import { ALLOWED_ORIGIN, type S3Differences } from './s3/subject.ts';

const NO_SUCH_USER = 'the gateway looks for the user before all else, with a code of its administration';

/** Everything in which the Versity S3 Gateway was seen to answer otherwise than AWS documents. */
const DIFFERENCES: S3Differences = {
  'an unknown access key id': { answers: '404 XAdminUserNotFound', because: NO_SUCH_USER },
  'a URL of the future': { answers: '200', because: 'of the time of a URL only its end is checked' },
  'a signature in query and header': { answers: '200', because: 'the one in the query is taken' },
};

/**
 * A judge of another make than MinIO and our own server, over what our uploads stand on. In the rest of S3 it differs
 * too much: it ignores encryption and storage classes, and its keys are paths.
 */
describeUnless(await missingTool(VERSITYGW, ['--version']), 'an independent server', () => {
  let server: VersitygwServer;
  const subject = () => ({ ...server.access, differences: DIFFERENCES });

  beforeAll(async () => {
    server = await startVersitygw(ALLOWED_ORIGIN);
  });

  afterAll(async () => {
    await server?.stop();
  });

  describePresignedUrls(subject);
  describePlans(subject);
  describePutShape(subject);
  describeFormShape(subject);
  describePartShape(subject);
  describeMultipartChecksums(subject);
  describeCors(subject);
  describeObjectStorage('the Versity S3 Gateway', subject, { listsBy: 'prefix' });
});
