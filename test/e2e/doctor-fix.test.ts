// What the doctor changes when it is told to, on a bucket whose CORS and lifecycle can be set.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { type BucketSettings, createBucketSettings } from '../support/bucket-settings.ts';
import { type DoctorPlace, openDoctorPlace, PAGE } from '../support/doctor-place.ts';
import { openS3Proxy } from '../support/s3-proxy.ts';

const FOREIGN_CORS = `<CORSConfiguration><CORSRule><ID>theirs</ID><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedMethod>DELETE</AllowedMethod><AllowedHeader>content-type</AllowedHeader><ExposeHeader>x-amz-version-id</ExposeHeader></CORSRule></CORSConfiguration>`;
const FOREIGN_LIFECYCLE = `<LifecycleConfiguration><Rule><ID>abort-unended-uploads</ID><Status>Disabled</Status><Filter><Prefix></Prefix></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule><Rule><ID>theirs</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>`;

describeWith('minio', 'presignd doctor --fix', (minio) => {
  const opened = new AsyncDisposableStack();
  let place: DoctorPlace;
  let settings: BucketSettings;
  let env: Record<string, string>;

  beforeAll(async () => {
    place = opened.use(await openDoctorPlace(minio));
  });
  afterAll(() => opened.disposeAsync());
  beforeEach(async () => {
    settings = createBucketSettings();
    const proxy = opened.use(
      await openS3Proxy(minio.endpoint, {
        ...settings,
        changeHeaders: (headers, request) => {
          settings.changeHeaders(headers, request);
          // No provider that is known for having no such rules.
          delete headers['server'];
        },
      }),
    );
    env = { PRESIGND_S3_ENDPOINT: proxy.url, PRESIGND_PROVIDER: 'generic' };
  });

  it('changes nothing unless it is told to, and shows the commands that would', async () => {
    const { code, ailments, finding } = await place.examine([], env);
    expect({ code, ailments }).toEqual({ code: 2, ailments: ['cors-origin problem', 'lifecycle warning'] });
    expect(finding('cors-origin').fix).toMatch(
      /^aws s3api put-bucket-cors --bucket \S+ --endpoint-url \S+ --cors-/,
    );
    expect(finding('lifecycle').fix).toContain('"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7}');
    expect(settings.kept).toEqual({});
  });

  it('adds the rules that are lacking, prints them, and finds nothing any more', async () => {
    const { code, ailments, changes } = await place.examine(['--fix', '--write'], env);
    expect({ code, ailments }).toEqual({ code: 0, ailments: [] });
    expect(changes.map(({ id, made }) => [id, made])).toEqual([
      ['cors-origin', true],
      ['lifecycle', true],
    ]);
    expect(changes[0]?.what).toContain(`"AllowedOrigins":["${PAGE}"]`);
    const again = await place.examine(['--fix'], env);
    expect(again.changes).toEqual([]);
  });

  it('lets every page in where the settings do', async () => {
    const any = { ...env, PRESIGND_CORS_ORIGINS: '*' };
    const { ailments, changes } = await place.examine(['--fix'], any);
    expect(ailments).toEqual(['service-cors warning']);
    expect(changes[0]?.what).toContain('"AllowedOrigins":["*"]');
  });

  it('keeps every rule that was there', async () => {
    Object.assign(settings.kept, { cors: FOREIGN_CORS, lifecycle: FOREIGN_LIFECYCLE });
    const { code } = await place.examine(['--fix'], env);
    expect(code).toBe(0);
    const { cors = '', lifecycle = '' } = settings.kept;
    expect(cors).toContain('<AllowedMethod>DELETE</AllowedMethod>');
    expect(cors.match(/<ExposeHeader>/g)).toHaveLength(3);
    expect(lifecycle).toContain('<Days>3</Days>');
    expect(lifecycle.match(/<ID>([^<]*)<\/ID>/g)).toEqual([
      ...['<ID>abort-unended-uploads</ID>', '<ID>theirs</ID>', '<ID>abort-unended-uploads-3</ID>'],
    ]);
  });

  /** Security property: rules that cannot be read would be lost, so nothing is put in their place. */
  it('changes nothing where it cannot see what is there', async () => {
    settings.kept.cors = FOREIGN_CORS;
    const { answers } = settings;
    const blind = opened.use(
      await openS3Proxy(minio.endpoint, {
        ...settings,
        answers: (request, response, body) => {
          const isRead = request.method === 'GET' && /[?&](?:cors|lifecycle)\b/.test(request.url ?? '');
          if (!isRead) return answers(request, response, body);
          response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
          return true;
        },
      }),
    );
    const { code, changes } = await place.examine(['--fix'], { ...env, PRESIGND_S3_ENDPOINT: blind.url });
    expect(code).toBe(1);
    expect(changes).toEqual([
      expect.objectContaining({
        made: false,
        what: expect.stringContaining('cannot be read, and would be lost: 403'),
      }),
    ]);
    expect(settings.kept).toEqual({ cors: FOREIGN_CORS });
  });

  it('says that MinIO has no such calls', async () => {
    const proxy = opened.use(
      await openS3Proxy(minio.endpoint, {
        changeHeaders: (headers) => void delete headers['access-control-allow-origin'],
      }),
    );
    const { code, changes } = await place.examine(['--fix'], { PRESIGND_S3_ENDPOINT: proxy.url });
    expect(code).toBe(2);
    expect(changes).toEqual([
      expect.objectContaining({ id: 'cors-origin', made: false, what: 'this server does not have the call' }),
    ]);
  });

  it('prints the rule in the form that each server takes, and asks nobody', async () => {
    const print = async (...args: string[]) => {
      const { code, stdout, stderr } = await place.sandbox.run(['doctor', '--print-cors', ...args]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    expect(await print()).toBe(`MINIO_API_CORS_ALLOW_ORIGIN=${PAGE}\n`);
    const origins = ['https://a.example.com', 'http://localhost:3000'];
    const asked = ['--origin', origins.join(',')];
    const { CORSRules } = JSON.parse(await print('--form', 'aws', ...asked));
    expect(CORSRules).toMatchObject([{ AllowedOrigins: origins, ExposeHeaders: ['ETag'] }]);
    expect(CORSRules[0].AllowedHeaders).toEqual(expect.arrayContaining(['content-type', 'x-amz-meta-*']));
    const { rules } = JSON.parse(await print('--form', 'r2', ...asked));
    expect(rules).toMatchObject([{ allowed: { origins, methods: ['PUT', 'GET'] }, exposeHeaders: ['ETag'] }]);
  });
});
