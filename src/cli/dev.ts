import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { App, AppOptions } from '../app.ts';
import { type Environment, environment, loadSettings } from '../config/load-settings.ts';
import { version } from '../version.ts';
import type { Command } from './command.ts';
import { welcome } from './dev-welcome.ts';
import { settingsHelp } from './settings-help.ts';

const FOLDER = '.presignd';
const BUCKET = 'dev-uploads';
const REGION = 'us-east-1';
const LOCAL_S3_PORT = 9090;
const LOCAL_S3_KEY_ID = 'presignd-dev';

export const dev: Command = {
  options: {},
  details: settingsHelp,
  run: async ({ stop }) => {
    const folder = resolve(FOLDER);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await using s3 = await openDevS3(folder);
    const keyFile = join(folder, 'dev-api-key');
    const app = await openDevApp(s3.url, s3.credentials, keyFile);
    await using _ = app;
    const url = `${app.scheme}://127.0.0.1:${app.address.port}`;
    const urlFile = join(folder, 'dev-url');
    await writeFile(urlFile, `${url}\n`);
    console.log(welcome({ version, url, s3Url: s3.url, bucket: BUCKET, folder, keyFile }));
    if (!stop.aborted) await once(stop, 'abort');
    await rm(urlFile, { force: true });
    await app.stop();
    return 0;
  },
};

async function openDevS3(folder: string) {
  const { openLocalS3 } = await import('../local-s3/server.ts');
  // New with every start: what was signed before is void, the objects stay.
  const secretAccessKey = randomBytes(24).toString('base64url');
  const open = (port: number) =>
    openLocalS3({
      root: join(folder, 's3'),
      host: '127.0.0.1',
      port,
      region: REGION,
      credentials: { [LOCAL_S3_KEY_ID]: secretAccessKey },
      buckets: [BUCKET],
      publicReadBuckets: [BUCKET],
      cors: [{ origins: ['*'], methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] }],
      wallClockMs: Date.now,
      nodeEnv: environment()['NODE_ENV'],
    });
  const server = await orOnFreePort(LOCAL_S3_PORT, open);
  return {
    url: server.url,
    credentials: { accessKeyId: LOCAL_S3_KEY_ID, secretAccessKey },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function openDevApp(
  s3Url: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  keyFile: string,
): Promise<App> {
  const { openApp } = await import('../app.ts');
  const { ensureDevKey } = await import('./dev-key.ts');
  const env = environment();
  const settings = loadSettings(onLoopback(env));
  await ensureDevKey(settings, keyFile);
  const options: AppOptions = {
    settings: {
      ...settings,
      bucket: BUCKET,
      provider: 'generic',
      region: REGION,
      s3Endpoint: s3Url,
      s3PublicEndpoint: undefined,
      s3ForcePathStyle: true,
    },
    credentials: async () => credentials,
    logFormat: settings.logFormat === 'json' || !process.stdout.isTTY ? 'json' : 'pretty',
  };
  if (env['PORT']) return openApp(options);
  return orOnFreePort(settings.port, (port) =>
    openApp({ ...options, settings: { ...options.settings, port } }),
  );
}

/** The environment, with the default host of development; an empty variable counts as not set here, too. */
export function onLoopback(env: Environment): Environment {
  return env['HOST'] || env['HOST_FILE'] ? env : { ...env, HOST: '127.0.0.1' };
}

/** Opens on the usual port, or on any free one when somebody else has it. */
async function orOnFreePort<T>(usual: number, open: (port: number) => Promise<T>): Promise<T> {
  try {
    return await open(usual);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return open(0);
    throw error;
  }
}
