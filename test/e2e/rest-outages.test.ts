// What callers are told while something that the service depends on is gone.
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHttpClient, HTTP_VERSIONS } from '../support/http-requests.ts';
import { openSandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService } from '../support/service.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

/** Makes the files of the key store unreadable, as a failing disk does. Returns what restores them from a backup. */
async function damageStore(folder: string): Promise<() => Promise<void>> {
  const place = join(folder, '.presignd');
  const names = (await readdir(place)).filter((name) => /\.db(-wal)?$/.test(name));
  const backup = await Promise.all(
    names.map(async (name) => ({ path: join(place, name), bytes: await readFile(join(place, name)) })),
  );
  for (const { path, bytes } of backup) {
    // In place: the service has the files open.
    await using file = await open(path, 'r+');
    await file.write(Buffer.alloc(bytes.length, 0xff));
  }
  return async () => {
    for (const { path, bytes } of backup) await writeFile(path, bytes);
  };
}

describe.each(HTTP_VERSIONS)('503 over %s', (version) => {
  const envelope = (message: string, requestId: unknown) =>
    JSON.stringify({ error: 'Service Unavailable', message, code: 503, requestId });

  /** Security property: an outage never looks like a wrong key, and never lets a wrong key pass. */
  it('is answered to a key that cannot be checked because the store is gone', async () => {
    await using broken = await openService(UNREACHABLE_S3);
    const { send } = createHttpClient(version, broken.url);
    const ask = (token: string) => send(UPLOAD_PATH, uploadCall(token));
    expect((await ask(broken.token)).status).toBe(200);
    const unseen = await broken.sandbox.createKey();
    const restore = await damageStore(broken.sandbox.folder);

    const { status, headers, body } = await ask(unseen.token);
    expect(status).toBe(503);
    expect(body).toBe(
      envelope('The store of API keys cannot be reached right now. Please retry', headers['x-request-id']),
    );
    expect(headers['retry-after']).toBe('1');
    expect((await ask(broken.token)).status).toBe(200);
    expect((await ask('not-a-key')).status).toBe(401);
    expect((await send('/readyz')).status).toBe(503);

    expect(await broken.program.stop()).toBe(0);
    await restore();
    const { url } = await broken.sandbox.start();
    expect((await createHttpClient(version, url).send(UPLOAD_PATH, uploadCall(unseen.token))).status).toBe(
      200,
    );
  });

  it('is answered while there are no credentials to sign with', async () => {
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...destination } = UNREACHABLE_S3;
    await using without = await openSandbox({
      ...destination,
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    const { token } = await without.createKey();
    const { url } = await without.start();
    const answer = await createHttpClient(version, url).send(UPLOAD_PATH, uploadCall(token));
    expect(answer.status).toBe(503);
    expect(answer.body).toBe(
      envelope('Uploads cannot be signed right now. Please retry', answer.headers['x-request-id']),
    );
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const { status, body } = await createHttpClient(version, url).send('/health');
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ status: 'down', dependencies: { s3: { status: 'down' } } });
  });
});
