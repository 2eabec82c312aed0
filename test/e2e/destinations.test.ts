// Two places to upload to, each an S3 of its own with credentials of its own.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendHttp1 } from '../support/http-requests.ts';
import { openS3Place, type S3Place } from '../support/s3-place.ts';
import { openSandbox, type Sandbox } from '../support/sandbox.ts';
import { HELLO, UPLOAD_PATH, type UploadAnswer, upload } from '../support/upload-calls.ts';
import { refusalFrom } from './s3-refusals.ts';

const MAIN = { accessKeyId: 'MAINKEY', secretAccessKey: 'main-secret-that-nobody-prints' };
const AVATARS = { accessKeyId: 'AVATARSKEY', secretAccessKey: 'avatars-secret-that-nobody-prints' };

describe('presignd serve with two destinations', () => {
  const opened = new AsyncDisposableStack();
  let sandbox: Sandbox;
  let url: string;
  let main: S3Place;
  let avatars: S3Place;

  beforeAll(async () => {
    main = opened.use(await openS3Place(MAIN, 'main-bucket'));
    avatars = opened.use(await openS3Place(AVATARS, 'avatars-bucket'));
    sandbox = opened.use(await openSandbox());
    const program = await sandbox.start('serve', await environment(sandbox, main, avatars));
    url = program.url;
  });
  afterAll(() => opened.disposeAsync());

  async function ask(token: string, destination?: string, options: object = {}) {
    const { status, body } = await sendHttp1(url + UPLOAD_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        filename: HELLO.filename,
        contentType: HELLO.contentType,
        size: HELLO.content.length,
        ...(destination !== undefined && { destination }),
        ...options,
      }),
    });
    return { status, answer: JSON.parse(body) };
  }

  async function granted(token: string, destination?: string): Promise<UploadAnswer> {
    const { status, answer } = await ask(token, destination);
    if (status !== 200) throw new Error(`refused: ${JSON.stringify(answer)}`);
    return answer;
  }

  it('uploads to each, signed with its own credentials for its own bucket', async () => {
    const { token } = await sandbox.createKey();
    const expected = [
      [undefined, main, /^[^/]+\/\d{4}\/.*\/hello\.txt$/],
      ['default', main, /^[^/]+\/\d{4}\/.*\/hello\.txt$/],
      ['avatars', avatars, /^pictures\/[0-9a-f-]{36}$/],
    ] as const;
    for (const [name, place, key] of expected) {
      const answer = await granted(token, name);
      expect(answer.uploadUrl).toMatch(new RegExp(`^${place.url}/${place.bucket}/`));
      expect(answer.uploadUrl).toContain(`X-Amz-Credential=${place.credentials.accessKeyId}%2F`);
      expect(answer.fileKey).toMatch(key);
      expect((await upload(answer, HELLO.content)).status).toBe(200);
      expect(await (await fetch(`${place.url}/${place.bucket}/${answer.fileKey}`)).text()).toBe(
        'Hello, world!',
      );
    }
  });

  it('shows the public URL of each', async () => {
    const { token } = await sandbox.createKey();
    const [ofMain, ofAvatars] = [await granted(token), await granted(token, 'avatars')];
    expect(ofMain.publicUrl).toBe(`${main.url}/${main.bucket}/${ofMain.fileKey}`);
    expect(ofAvatars.publicUrl).toBe(`https://cdn.example.com/${ofAvatars.fileKey}`);
  });

  /** Security property: a URL for one destination is worth nothing at another. */
  it('signs nothing that the other destination would take', async () => {
    const { token } = await sandbox.createKey();
    const answer = await granted(token, 'avatars');
    const elsewhere = answer.uploadUrl
      .replace(avatars.url, main.url)
      .replace(`/${avatars.bucket}/`, `/${main.bucket}/`);
    expect(refusalFrom(await upload({ ...answer, uploadUrl: elsewhere }, HELLO.content))).toBe(
      '403 InvalidAccessKeyId',
    );
  });

  it('refuses a name that the settings do not have, with those that they do', async () => {
    const { token } = await sandbox.createKey();
    for (const name of ['avatar', main.bucket, '']) {
      expect(await ask(token, name)).toMatchObject({
        status: 400,
        answer: { details: [{ field: 'destination', message: 'must be one of default, avatars, cold' }] },
      });
    }
  });

  it('keeps a key to the destinations of its policy', async () => {
    const { token } = await sandbox.createKey(['--destinations', 'avatars']);
    expect((await upload(await granted(token, 'avatars'), HELLO.content)).status).toBe(200);
    for (const name of [undefined, 'default']) {
      expect(await ask(token, name)).toMatchObject({
        status: 403,
        answer: { details: [{ field: 'destination' }] },
      });
    }
  });

  it('refuses what the provider of a destination cannot keep, and says which and why', async () => {
    const { token } = await sandbox.createKey();
    const wishes = { tags: { team: 'blue' }, overwrite: 'never', storageClass: 'GLACIER' };
    expect(await ask(token, 'avatars', wishes)).toMatchObject({ status: 200 });
    expect(await ask(token, 'cold', wishes)).toMatchObject({
      status: 400,
      answer: {
        message: 'The destination cannot do what was asked for',
        details: [
          {
            field: 'tags',
            message: 'must be left out: Cloudflare R2 keeps no tags, as it does not implement object tags',
          },
          {
            field: 'storageClass',
            message:
              'must be left out: Cloudflare R2 does not have the class GLACIER, as it has STANDARD and STANDARD_IA only',
          },
        ],
      },
    });
  });

  it('reports on the health of each, and counts by destination', async () => {
    const { token } = await sandbox.createKey();
    await granted(token, 'avatars');
    const health = JSON.parse((await sendHttp1(`${url}/health`)).body);
    expect(health).toMatchObject({
      status: 'ok',
      dependencies: {
        s3: { status: 'up' },
        's3:avatars': { status: 'up' },
      },
    });
    const { body: metrics } = await sendHttp1(`${url}/metrics`);
    expect(metrics).toMatch(
      /^presignd_presigns_total\{destination="avatars",kind="put",signer="native"\} [1-9]/m,
    );
  });
});

it('does not start with destinations that cannot be used, and says which and why', async () => {
  await using sandbox = await openSandbox({ PRESIGND_BUCKET: 'main', PRESIGND_REGION: 'eu-west-1' });
  const start = (destinations: object) =>
    sandbox.run(['serve'], { PRESIGND_DESTINATIONS: JSON.stringify(destinations) });
  const misspelt = await start({ avatars: { bukket: 'x' } });
  expect(misspelt.code).not.toBe(0);
  expect(misspelt.stderr).toContain(
    'PRESIGND_DESTINATIONS.avatars.bukket is not a field; did you mean bucket?',
  );
  const keyless = await start({
    avatars: { bucket: 'x', region: 'eu-west-1', objectKeyTemplate: '{name}' },
  });
  expect(keyless.code).not.toBe(0);
  expect(keyless.stderr).toContain('PRESIGND_DESTINATIONS.avatars: invalid object key template');
});

async function environment(sandbox: Sandbox, main: S3Place, avatars: S3Place) {
  const secretAccessKeyFile = join(sandbox.folder, 'avatars-secret');
  await writeFile(secretAccessKeyFile, `${avatars.credentials.secretAccessKey}\n`);
  const destinations = {
    avatars: {
      bucket: avatars.bucket,
      region: 'us-east-1',
      endpoint: avatars.url,
      forcePathStyle: true,
      prefix: 'pictures',
      objectKeyTemplate: '{uuid}',
      publicBaseUrl: 'https://cdn.example.com',
      credentials: { source: 'static', accessKeyId: avatars.credentials.accessKeyId, secretAccessKeyFile },
    },
    cold: { bucket: 'cold', provider: 'r2', endpoint: avatars.url },
  };
  return {
    AWS_ACCESS_KEY_ID: main.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: main.credentials.secretAccessKey,
    PRESIGND_BUCKET: main.bucket,
    PRESIGND_REGION: 'us-east-1',
    PRESIGND_S3_ENDPOINT: main.url,
    PRESIGND_S3_FORCE_PATH_STYLE: 'true',
    PRESIGND_DESTINATIONS: JSON.stringify(destinations),
  };
}
