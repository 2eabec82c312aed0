// The doctor as an operator runs it, on a MinIO that all is well with, and on one thing after the other that is not.
import { createServer } from 'node:net';
import { DeleteBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { type DoctorPlace, openDoctorPlace, PAGE, publicPolicy } from '../support/doctor-place.ts';
import { type Headers, openS3Proxy } from '../support/s3-proxy.ts';

describeWith('minio', 'presignd doctor', (minio) => {
  const opened = new AsyncDisposableStack();
  let place: DoctorPlace;

  beforeAll(async () => {
    place = opened.use(await openDoctorPlace(minio));
  });
  afterAll(() => opened.disposeAsync());

  /** Clients are sent to a proxy, which changes the headers of what S3 answers. */
  async function behindProxy(changeHeaders: (headers: Headers) => void) {
    const proxy = opened.use(await openS3Proxy(minio.endpoint, { changeHeaders }));
    return { PRESIGND_S3_PUBLIC_ENDPOINT: proxy.url };
  }

  it('finds nothing where all is well, and leaves nothing behind', async () => {
    const { code, ailments, finding } = await place.examine(['--write']);
    expect({ code, ailments }).toEqual({ code: 0, ailments: [] });
    expect(finding('upload').level).toBe('ok');
    expect(finding('upload-size').seen).toContain('403');
    expect(finding('overwrite').seen).toContain('412 PreconditionFailed');
    expect(finding('public-url').seen).toContain('byte by byte');
    expect(finding('cors-etag').level).toBe('ok');
    expect(finding('lifecycle')).toMatchObject({
      level: 'skipped',
      seen: expect.stringContaining('not applicable'),
    });
    expect(await place.objectKeys()).toEqual([]);
  });

  it('writes nothing without --write, and says what it therefore did not look at', async () => {
    const { code, findings } = await place.examine();
    expect(code).toBe(0);
    const skipped = findings.filter(({ seen }) => seen === 'it writes to the bucket: run with --write');
    expect(skipped.map(({ id }) => id)).toEqual([
      'upload',
      'upload-size',
      'overwrite',
      'public-write',
      'cleanup',
    ]);
    expect(await place.objectKeys()).toEqual([]);
  });

  it('tells people what is wrong, why it matters and what mends it', async () => {
    const { code, stdout } = await place.sandbox.run(['doctor'], { PRESIGND_REGION: 'eu-west-1' });
    expect(code).toBe(2);
    expect(stdout).toContain(
      [
        '  problem  region            URLs are signed for eu-west-1, and the bucket is in us-east-1',
        '           why: S3 refuses signatures for another region, or redirects, which browsers do not follow across origins.',
        '           fix: PRESIGND_REGION=us-east-1',
      ].join('\n'),
    );
    expect(stdout).toMatch(/\n1 problem, 0 warnings, \d+ skipped, \d+ ok\n$/);
  });

  it('finds a wrong region', async () => {
    const { code, ailments, finding } = await place.examine(['--write'], { PRESIGND_REGION: 'eu-west-1' });
    expect({ code, ailments }).toEqual({ code: 2, ailments: ['region problem'] });
    expect(finding('upload')).toMatchObject({ level: 'skipped', seen: 'not before `region` is well' });
  });

  it('finds an endpoint where nobody is', async () => {
    const { code, ailments, finding } = await place.examine([], {
      PRESIGND_S3_ENDPOINT: 'http://127.0.0.1:9',
    });
    expect({ code, ailments }).toEqual({ code: 2, ailments: ['endpoint problem'] });
    expect(finding('endpoint').seen).toContain('nobody listens there (ECONNREFUSED)');
  });

  it('finds a server that is not S3', async () => {
    const web = opened.use(
      await openS3Proxy(minio.endpoint, {
        answers: (_, response) =>
          response.writeHead(200, { server: 'nginx' }).end('<html>Hello</html>') !== undefined,
      }),
    );
    const { code, ailments, finding } = await place.examine([], { PRESIGND_S3_ENDPOINT: web.url });
    expect({ code, ailments }).toEqual({ code: 2, ailments: ['s3-server problem'] });
    expect(finding('s3-server').seen).toContain('it answers 200, and calls itself "nginx"');
  });

  it('finds that browsers may not upload', async () => {
    const env = await behindProxy((headers) => {
      for (const name of Object.keys(headers)) if (name.startsWith('access-control-')) delete headers[name];
    });
    const { code, ailments, finding } = await place.examine([], env);
    expect({ code, ailments }).toEqual({ code: 2, ailments: ['cors-origin problem'] });
    expect(finding('cors-origin').fix).toContain(`MINIO_API_CORS_ALLOW_ORIGIN=${PAGE}`);
  });

  it('finds that browsers may not send what some plans ask for, and names it', async () => {
    const env = await behindProxy((headers) => {
      if ('access-control-allow-headers' in headers) headers['access-control-allow-headers'] = 'content-type';
    });
    const { code, ailments, finding } = await place.examine([], env);
    expect({ code, ailments }).toEqual({ code: 1, ailments: ['cors-headers warning'] });
    for (const header of ['x-amz-checksum-sha256', 'x-amz-meta-doctor', 'if-none-match'])
      expect(finding('cors-headers').seen).toContain(header);
  });

  it.each([{ args: [] }, { args: ['--write'] }])('finds a hidden ETag, with $args', async ({ args }) => {
    const env = await behindProxy((headers) => delete headers['access-control-expose-headers']);
    const { code, ailments } = await place.examine(args, env);
    expect({ code, ailments }).toEqual({ code: 1, ailments: ['cors-etag warning'] });
  });

  it('finds a clock that is off by 20 minutes', async () => {
    const env = { NODE_OPTIONS: `--import ${shiftedClock(20 * 60_000)}` };
    const { code, ailments, finding } = await place.examine(['--write'], env);
    expect({ code, ailments }).toEqual({ code: 2, ailments: ['clock problem', 'upload problem'] });
    expect(finding('clock').seen).toBe('the clock of this machine is 20 minutes ahead of that of S3');
    expect(finding('upload').seen).toContain('403 AccessDenied (Request is not valid yet)');
    expect(finding('upload').fix).toContain('timedatectl');
  });

  it.each([
    { base: 'http://127.0.0.1:9/uploads', args: [], seen: 'nobody listens there' },
    { base: 'another bucket', args: ['--write'], seen: 'for what was uploaded' },
  ])('finds a public URL that leads nowhere: $base', async ({ base, args, seen }) => {
    const url = base === 'another bucket' ? `${place.endpoint}/another-bucket` : base;
    const { code, ailments, finding } = await place.examine(args, { PRESIGND_PUBLIC_BASE_URL: url });
    expect({ code, ailments }).toEqual({ code: 2, ailments: ['public-url problem'] });
    expect(finding('public-url').seen).toContain(seen);
  });

  it('finds credentials that S3 does not take, and a bucket that is not there', async () => {
    const wrongKey = await place.examine([], { AWS_SECRET_ACCESS_KEY: 'another-secret-that-nobody-prints' });
    expect(wrongKey.ailments).toEqual(['credentials problem']);
    expect(wrongKey.finding('credentials').seen).toContain('SignatureDoesNotMatch');
    const absent = await place.examine([], { PRESIGND_BUCKET: 'no-such-bucket' });
    expect(absent.ailments).toEqual(['bucket problem']);
  });

  /** Security property: a bucket that is open to strangers does not pass unseen. */
  it('finds that anybody may list, read and write', async () => {
    const Policy = publicPolicy(place.bucket, 's3:GetObject', 's3:ListBucket', 's3:PutObject');
    await place.client.send(new PutBucketPolicyCommand({ Bucket: place.bucket, Policy }));
    try {
      const { ailments } = await place.examine(['--write'], { PRESIGND_PUBLIC_BASE_URL: '' });
      expect(ailments).toEqual(['public-list warning', 'public-read warning', 'public-write problem']);
      expect(await place.objectKeys()).toEqual([]);
    } finally {
      await place.client.send(new DeleteBucketPolicyCommand({ Bucket: place.bucket }));
    }
  });

  it('gives up a server that hangs, and says so, while it goes on with the other destinations', async () => {
    const hung = createServer();
    await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve));
    opened.defer(() => void hung.close());
    const address = hung.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const { bucket, region, accessKeyId, secretAccessKey } = minio;
    const named = (at: string) => ({
      ...{ bucket, region, endpoint: at, forcePathStyle: true, provider: 'minio' },
      credentials: { source: 'static', accessKeyId, secretAccessKey },
    });
    const destinations = { hung: named(endpoint), other: named(place.endpoint) };
    const env = { PRESIGND_DESTINATIONS: JSON.stringify(destinations) };
    const { code, findings } = await place.examine([], env);
    expect(code).toBe(2);
    expect([...new Set(findings.map(({ subject }) => subject))]).toEqual([
      ...['settings', 'destination default', 'destination hung', 'destination other', 'redis', 'store'],
    ]);
    expect(findings).toContainEqual(
      expect.objectContaining({
        subject: 'destination hung',
        id: 'endpoint',
        seen: expect.stringContaining('did not answer in time'),
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ subject: 'destination other', id: 'encryption', level: 'warning' }),
    );
    const one = await place.examine(['--destination', 'other', '--ignore', 'encryption'], env);
    expect({ code: one.code, ailments: one.ailments }).toEqual({ code: 0, ailments: [] });
  });
});

/** A module that has the clock of a process go ahead. */
function shiftedClock(aheadMs: number): string {
  const code = `const Real = Date; globalThis.Date = class extends Real {
    constructor(...args) { super(...(args.length === 0 ? [Real.now() + ${aheadMs}] : args)); }
    static now() { return Real.now() + ${aheadMs}; }
  };`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
