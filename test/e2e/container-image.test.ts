// The image as it is deployed: built from the Dockerfile, and run with every right taken away.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeUnless } from '../support/available.ts';
import { docker, missingForBuild, type RunningContainer, runContainer } from '../support/docker.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { TEST_IMAGES } from '../support/images.ts';
import { untilAnswers } from '../support/server-start.ts';
import { askForUpload } from '../support/upload-calls.ts';

const ROOT = join(import.meta.dirname, '../..');
const IMAGE = 'presignd:test';
/** The first build fetches the packages; the next ones find every layer that has not changed. */
const BUILD_TIMEOUT_MS = 300_000;

const ENVIRONMENT = {
  PRESIGND_BUCKET: 'uploads',
  PRESIGND_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'presignd-nobody',
  AWS_SECRET_ACCESS_KEY: 'presignd-nobody-secret',
};
const STRICT = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
/** The image's own check, asked more often. */
const SOON = ['--health-interval', '500ms'];

/** What a process inside the container sees of itself. */
const LOOK_AROUND = `
  const fs = require('node:fs');
  const codeOf = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
  const [, effective] = /CapEff:\\s*(\\w+)/.exec(fs.readFileSync('/proc/1/status', 'utf8'));
  console.log(JSON.stringify({
    uid: process.getuid(), gid: process.getgid(), effective,
    program: codeOf(() => fs.writeFileSync('/app/src/main.ts', '')),
    root: codeOf(() => fs.writeFileSync('/anything', '')),
    data: codeOf(() => fs.writeFileSync('/data/anything', '')),
    compiled: fs.readdirSync(process.env.NODE_COMPILE_CACHE).length,
  }));`;

const missing = await missingForBuild(TEST_IMAGES.node);

describeUnless(missing, 'the container image', () => {
  let container: RunningContainer;
  const inspect = async (format: string) => docker('inspect', '--format', format, container.id);

  beforeAll(async () => {
    const base = `NODE_IMAGE=${TEST_IMAGES.node}`;
    await docker('build', '--network', 'host', '--build-arg', base, '--tag', IMAGE, ROOT);
    const variables = Object.entries(ENVIRONMENT).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    container = await runContainer(IMAGE, 8080, [...STRICT, ...SOON, ...variables]);
    await untilAnswers(async () => (await sendHttp1(`${container.url}/readyz`)).status === 200);
  }, BUILD_TIMEOUT_MS);
  afterAll(() => container?.remove());

  it('runs as nobody special, with no rights and nothing writable but its data', async () => {
    expect(JSON.parse(await docker('exec', container.id, 'node', '-e', LOOK_AROUND))).toEqual({
      uid: 1000,
      gid: 1000,
      effective: '0000000000000000',
      program: 'EROFS',
      root: 'EROFS',
      data: 'done',
      compiled: 1,
    });
  });

  it('becomes healthy by the check that it brings', async () => {
    await untilAnswers(async () => (await inspect('{{.State.Health.Status}}')) === 'healthy');
  });

  it('answers a call with a key that its own command makes', async () => {
    const key = await docker(
      'exec',
      container.id,
      'presignd',
      'keys',
      'create',
      '--name',
      'a test',
      '--json',
    );
    const { status } = await askForUpload(container.url, JSON.parse(key).api_key);
    expect(status).toBe(200);
  });

  it('holds neither tests nor tools, nor a key store', async () => {
    const listing = await docker(
      'exec',
      container.id,
      'node',
      '-e',
      'console.log(fs.readdirSync("/app").join())',
    );
    expect(listing.split(',').sort()).toEqual(
      ['.compile-cache', 'LICENSE', 'bin', 'gen', 'node_modules', 'package.json', 'src'].sort(),
    );
  });

  describe('when it is stopped', () => {
    it('ends by itself, with 0', async () => {
      await docker('stop', container.id);
      expect(await inspect('{{.State.ExitCode}} {{.State.OOMKilled}}')).toBe('0 false');
    });
  });
});
