// The service that is attacked: the real program on SQLite, in front of a development S3 in this process.
import { sendHttp1 } from '../support/http-requests.ts';
import type { LogLine, Program } from '../support/program.ts';
import { expectNoSecrets } from '../support/program.ts';
import { openS3Place } from '../support/s3-place.ts';
import { openSandbox } from '../support/sandbox.ts';
import { type ServiceUsage, usageOf } from '../support/service-usage.ts';
import { getUpload } from '../support/upload-calls.ts';
import { API_KEY, KNOWN_ENV } from './known.ts';

export interface Subject extends AsyncDisposable {
  readonly program: Program;
  /** The lines of its log since it was last asked. Throws when there is a secret among them. */
  newLines(): LogLine[];
  /** Throws unless the program runs, says that it lives, and answers a good call. */
  checkHealth(): Promise<void>;
  usage(): Promise<ServiceUsage>;
  /** What it printed last that is no line of its log, such as why it ended. */
  lastWords(): string;
}

const S3_KEYS = { accessKeyId: 'fuzz', secretAccessKey: 'a secret for hostile inputs' };

/** No address may be refused for the others' failures: nearly all calls here fail. */
const UNLIMITED = { PRESIGND_AUTH_FAILURES_PER_SECOND: '1000000', PRESIGND_AUTH_FAILURE_BURST: '1000000' };

/** What leaks ends the process well before the end of a run, instead of growing as far as the machine allows. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=160' };

export async function openSubject(): Promise<Subject> {
  await using opening = new AsyncDisposableStack();
  const place = opening.use(await openS3Place(S3_KEYS, 'uploads'));
  const env = {
    ...KNOWN_ENV,
    ...UNLIMITED,
    ...SMALL_HEAP,
    AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
    PRESIGND_BUCKET: place.bucket,
    PRESIGND_REGION: 'us-east-1',
    PRESIGND_S3_ENDPOINT: place.url,
    PRESIGND_S3_FORCE_PATH_STYLE: 'true',
  };
  const sandbox = opening.use(await openSandbox(env, 'presignd-fuzz-'));
  const program = await sandbox.start('serve');
  let scanned = 0;
  const open = opening.move();
  return {
    program,
    newLines() {
      const output = program.output();
      const end = output.lastIndexOf('\n') + 1;
      const text = output.slice(scanned, end);
      scanned = end;
      expectNoSecrets(text, { ...env, PRESIGND_API_KEY: KNOWN_ENV.PRESIGND_SEALING_KEYS });
      return text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line): LogLine => JSON.parse(line));
    },
    async checkHealth() {
      process.kill(program.pid, 0);
      const { status } = await sendHttp1(`${program.url}/livez`);
      if (status !== 200) throw new Error(`/livez answers ${status}`);
      await getUpload(program.url, API_KEY);
    },
    usage: () => usageOf(program),
    lastWords: () =>
      program
        .output()
        .split('\n')
        .filter((line) => !line.startsWith('{'))
        .slice(-30)
        .join('\n'),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
