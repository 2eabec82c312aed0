// Every test of the spawned program looks for secrets in all that it prints. Here they are planted.
import { expect, it } from 'vitest';
import { startProgram } from '../support/program.ts';
import { openSandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';

const PLANTED = {
  'an API key': `pse_live_1${'k'.repeat(49)}`,
  'an upload token': `pse_upl_1${'t'.repeat(40)}`,
  'a path with an upload token': `/as/${'p'.repeat(40)}/v1/upload/s3`,
  'a part of a signed URL': 'x-amz-signature%3Dabc',
  'a hash': 'a1'.repeat(32),
  AWS_SECRET_ACCESS_KEY: 'a planted secret access key',
  AWS_SESSION_TOKEN: 'a planted session token',
  PRESIGND_KEY_PEPPERS: 'a planted pepper of thirty-two characters',
  PRESIGND_SEALING_KEYS: 'a planted sealing key of thirty-two characters',
  DATABASE_URL: 'postgres://user:planted-password@127.0.0.1:1/x',
  REDIS_URL: 'redis://:planted-redis@127.0.0.1:1',
  OTEL_EXPORTER_OTLP_HEADERS: 'Bearer planted header',
} as const;

/** As the settings write them; the last is one of several, and encoded. */
const ENV = {
  ...UNREACHABLE_S3,
  AWS_SECRET_ACCESS_KEY: PLANTED.AWS_SECRET_ACCESS_KEY,
  AWS_SESSION_TOKEN: PLANTED.AWS_SESSION_TOKEN,
  PRESIGND_KEY_PEPPERS: `another pepper of at least thirty-two characters,${PLANTED.PRESIGND_KEY_PEPPERS}`,
  PRESIGND_SEALING_KEYS: PLANTED.PRESIGND_SEALING_KEYS,
  REDIS_URL: PLANTED.REDIS_URL,
  OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=one,authorization=Bearer%20planted%20header',
};

it('a program that prints a secret of any kind does not pass for one in good order', async () => {
  await using sandbox = await openSandbox(ENV);
  const program = await startProgram('serve', {
    folder: sandbox.folder,
    env: {
      ...sandbox.env,
      HOST: '127.0.0.1',
      PORT: '0',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
        `process.stdout.write(${JSON.stringify(Object.values(PLANTED).join('\n'))} + '\\n')`,
      )}`,
    },
  });
  const kinds = await program.stop().then(
    () => [],
    (error: { readonly actual?: unknown }) => error.actual,
  );
  // The store is on disk in this test: no DATABASE_URL is there to be found.
  expect(kinds).toEqual(Object.keys(PLANTED).filter((kind) => kind !== 'DATABASE_URL'));
});
