// The janitor as an operator runs it, on S3 servers that others use, too.
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openS3Place, type S3Place } from '../support/s3-place.ts';
import { openSandbox, type Sandbox } from '../support/sandbox.ts';

const MAIN = { accessKeyId: 'MAINKEY', secretAccessKey: 'main-secret-that-nobody-prints' };
const OTHER = { accessKeyId: 'OTHERKEY', secretAccessKey: 'other-secret-that-nobody-prints' };

/** S3 takes requests whose clock differs by up to 15 minutes. */
const AGE_MS = 14 * 60_000;
const OLDER_THAN = ['--older-than', '10m'] as const;

/** A UUIDv7 of 2026-05-17, noon. */
const UUID = '019e35ce-b600-7000-8000-000000000000';
const OURS = `up/acme/2026/05/17/${UUID}/film.mp4`;
const FOREIGN = ['up/backup.tar', `acme/2026/05/17/${UUID}/film.mp4`, `up/acme/2026/05/18/${UUID}/film.mp4`];

describe('presignd janitor', () => {
  const opened = new AsyncDisposableStack();
  let sandbox: Sandbox;
  let main: S3Place;
  let other: S3Place;
  let s3: S3Client;
  let agoMs = 0;

  beforeAll(async () => {
    const wallClockMs = () => Date.now() - agoMs;
    main = opened.use(await openS3Place(MAIN, 'main-bucket', wallClockMs));
    other = opened.use(await openS3Place(OTHER, 'other-bucket', wallClockMs));
    sandbox = opened.use(
      await openSandbox({
        AWS_ACCESS_KEY_ID: MAIN.accessKeyId,
        AWS_SECRET_ACCESS_KEY: MAIN.secretAccessKey,
        PRESIGND_BUCKET: main.bucket,
        PRESIGND_REGION: 'us-east-1',
        PRESIGND_S3_ENDPOINT: main.url,
        PRESIGND_S3_FORCE_PATH_STYLE: 'true',
        PRESIGND_KEY_PREFIX: 'up/',
      }),
    );
    s3 = clientOf(main);
    opened.defer(() => s3.destroy());
  });
  afterAll(() => opened.disposeAsync());
  beforeEach(() => {
    agoMs = 0;
  });

  it('lists what is old and ours without changing anything, and with --abort aborts that alone', async () => {
    agoMs = AGE_MS;
    const old = await begin(s3, main, OURS);
    const foreign = await Promise.all(FOREIGN.map((key) => begin(s3, main, key)));
    agoMs = 0;
    const fresh = await begin(s3, main, OURS);
    const all = [old, fresh, ...foreign].sort();

    const listed = await sandbox.run(['janitor', ...OLDER_THAN]);
    expect(listed.code).toBe(0);
    const [head, row, ...more] = listed.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^DESTINATION {2}BEGUN +OBJECT KEY +S3 UPLOAD ID$/);
    expect(row).toMatch(new RegExp(`^default {6}\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\dZ {2}${OURS} {2}${old}$`));
    expect(more).toEqual([]);
    expect(listed.stderr).toMatch(
      /^Found 1 upload older than 10m\. Nothing was changed; --abort aborts them\.\n/,
    );
    expect(listed.stderr).toContain('"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1}');
    expect(await openUploads(s3, main)).toEqual(all);

    const aborted = await sandbox.run(['janitor', ...OLDER_THAN, '--abort', '--json']);
    expect({ code: aborted.code, stderr: aborted.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(aborted.stdout)).toEqual([
      {
        destination: 'default',
        fileKey: OURS,
        s3UploadId: old,
        initiatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        aborted: true,
      },
    ]);
    expect(await openUploads(s3, main)).toEqual(all.filter((id) => id !== old));

    const again = await sandbox.run(['janitor', ...OLDER_THAN, '--abort']);
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 0, stdout: '' });
    expect(again.stderr).toMatch(/^Aborted 0 uploads older than 10m\.\n/);
  });

  it('leaves alone whatever is younger than the life of an upload id unless it is told otherwise', async () => {
    agoMs = AGE_MS;
    const old = await begin(s3, main, OURS);
    agoMs = 0;
    const { stderr } = await sandbox.run(['janitor', '--abort']);
    expect(stderr).toMatch(/^Aborted 0 uploads older than 7d\.\n/);
    const later = await sandbox.run(['janitor', '--abort'], { PRESIGND_UPLOAD_TTL: '30d' });
    expect(later.stderr).toMatch(/^Aborted 0 uploads older than 30d\.\n/);
    expect(await openUploads(s3, main)).toContain(old);
  });

  it('goes through all destinations, or the one it is told', async () => {
    const ofOther = clientOf(other);
    agoMs = AGE_MS;
    const ids = [await begin(s3, main, OURS), await begin(ofOther, other, UUID)];
    agoMs = 0;
    const env = { PRESIGND_DESTINATIONS: destinationsText(other.url) };
    const found = async (...args: string[]) => {
      const { code, stdout } = await sandbox.run(['janitor', ...OLDER_THAN, '--json', ...args], env);
      expect(code).toBe(0);
      return JSON.parse(stdout).map(({ s3UploadId }: { s3UploadId: string }) => s3UploadId);
    };
    expect(await found()).toEqual(expect.arrayContaining(ids));
    expect(await found('--destination', 'other')).toEqual([ids[1]]);
    expect(await found('--destination', 'default')).not.toContain(ids[1]);

    const unknown = await sandbox.run(['janitor', '--destination', 'othr'], env);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('There is no destination "othr". Did you mean other?');
    ofOther.destroy();
  });

  it('says which destination it could not see, and goes on with the others', async () => {
    agoMs = AGE_MS;
    const old = await begin(s3, main, OURS);
    agoMs = 0;
    const env = {
      PRESIGND_DESTINATIONS: destinationsText('http://127.0.0.1:9'),
      OTHER_SECRET: 'unused-secret',
    };
    const { code, stdout, stderr } = await sandbox.run(['janitor', ...OLDER_THAN, '--json'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^other: S3 cannot be reached right now\. Please retry \(S3 ListMultipartUploads: no answer \(ECONNREFUSED\)\)\n$/,
    );
    expect(stdout).toContain(old);
  });

  it('refuses an age that is none', async () => {
    const { code, stderr } = await sandbox.run(['janitor', '--older-than', 'a while']);
    expect(code).toBe(2);
    expect(stderr).toContain('--older-than must be a duration from 1m, such as 7d, not "a while".');
  });
});

function clientOf({ url, credentials }: S3Place): S3Client {
  return new S3Client({ endpoint: url, region: 'us-east-1', credentials, forcePathStyle: true });
}

/** Begins an upload, sends a part, and answers S3's id for it. */
async function begin(s3: S3Client, { bucket }: S3Place, Key: string): Promise<string> {
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
  await s3.send(new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber: 1, Body: 'a part' }));
  return UploadId;
}

async function openUploads(s3: S3Client, { bucket }: S3Place): Promise<string[]> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads.map(({ UploadId = '' }) => UploadId).sort();
}

function destinationsText(endpoint: string): string {
  return JSON.stringify({
    other: {
      bucket: 'other-bucket',
      region: 'us-east-1',
      endpoint,
      forcePathStyle: true,
      objectKeyTemplate: '{uuid}',
      credentials: {
        source: 'static',
        accessKeyId: OTHER.accessKeyId,
        secretAccessKey: OTHER.secretAccessKey,
      },
    },
  });
}
