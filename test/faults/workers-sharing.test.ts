// What several workers on one machine share without a Redis. Every call comes on a connection of its own, and
// connections are dealt to the workers in turn.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendHttp1 } from '../support/http-requests.ts';
import { askForUpload } from '../support/upload-calls.ts';
import { openWorkers, pidOf, untilLines, type WorkerService } from '../support/worker-service.ts';

const WORKERS = 3;
const CALLS = 30;
const BURST = 10;
const ALL_SCOPES = 'uploads:create,uploads:read,uploads:manage,keys:read,keys:write';

let service: WorkerService;
let admin: string;

beforeAll(async () => {
  service = await openWorkers(WORKERS, {
    PRESIGND_AUTH_FAILURE_BURST: String(BURST),
    PRESIGND_AUTH_FAILURES_PER_SECOND: '1',
  });
  admin = (await service.sandbox.createKey(['--scopes', ALL_SCOPES])).token;
});
afterAll(() => service?.[Symbol.asyncDispose]());

async function atOnce<T>(count: number, call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, call));
}

const statuses = async (count: number, token: string) =>
  (await atOnce(count, () => askForUpload(service.url, token))).map(({ status }) => status);

async function post(path: string, token: string, body: unknown, headers = {}) {
  const answer = await sendHttp1(service.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: JSON.parse(answer.body) };
}

describe('workers without a Redis', () => {
  it('admit exactly the limit of a key, all together', async () => {
    const { token } = await service.sandbox.createKey(['--rate', '10/1h']);
    const answered = await statuses(CALLS, token);
    expect(answered.filter((status) => status === 200)).toHaveLength(10);
    expect(answered.filter((status) => status === 429)).toHaveLength(CALLS - 10);
  });

  it('grant exactly the files of an upload token, all together', async () => {
    const { body } = await post('/v1/upload-tokens', service.token, { maxFiles: 4 });
    const answered = await statuses(CALLS, body.token);
    expect(answered.filter((status) => status === 200)).toHaveLength(4);
  });

  it('make one upload of a creation that is repeated on any of them', async () => {
    const file = { filename: 'a.txt', contentType: 'text/plain', size: 5 };
    const made = await atOnce(9, () =>
      post('/v1/uploads', service.token, file, { 'idempotency-key': 'once' }),
    );
    expect(made.map(({ status }) => status)).toEqual(Array(9).fill(200));
    expect(new Set(made.map(({ body }) => body.fileKey)).size).toBe(1);
    expect(made[0]?.body.fileKey).toBeTruthy();
  });

  it('refuse a key that one of them has revoked', async () => {
    const { id, token } = await service.sandbox.createKey();
    expect(new Set(await statuses(2 * WORKERS, token))).toEqual(new Set([200]));
    const headers = { authorization: `Bearer ${admin}` };
    const { status } = await sendHttp1(`${service.url}/v1/api-keys/${id}`, { method: 'DELETE', headers });
    expect(status).toBeLessThan(300);
    await expect.poll(() => statuses(2 * WORKERS, token), { timeout: 5_000 }).not.toContain(200);
  });

  it('refuse a key that somebody has revoked in the store', async () => {
    const { id, token } = await service.sandbox.createKey();
    expect(new Set(await statuses(2 * WORKERS, token))).toEqual(new Set([200]));
    await service.sandbox.revokeKey(id);
    await expect.poll(() => statuses(2 * WORKERS, token), { timeout: 5_000 }).not.toContain(200);
  });

  it('count the guesses of an address together', async () => {
    let unauthorized = 0;
    const startedAtMs = performance.now();
    for (let guess = 0; guess < 3 * BURST; guess++) {
      if ((await askForUpload(service.url, `pse_live_${guess}`)).status === 401) unauthorized += 1;
    }
    expect(unauthorized).toBeGreaterThanOrEqual(BURST);
    // One more each second, and what was tried before the others had heard. By themselves, they would let all through.
    const seconds = Math.ceil((performance.now() - startedAtMs) / 1_000);
    expect(unauthorized).toBeLessThanOrEqual(Math.min(BURST + seconds + WORKERS, 3 * BURST - 1));
  });

  it('answer with the metrics of all, which never shrink, whichever is asked and whichever dies', async () => {
    const before = await uploadsCounted();
    await statuses(CALLS, service.token);
    for (let ask = 0; ask < WORKERS; ask++) expect(await uploadsCounted()).toBe(before + CALLS);
    const page = await metrics();
    expect(page).toMatch(new RegExp(`^presignd_workers ${WORKERS}$`, 'm'));
    expect(page).toMatch(/^presignd_build_info\{[^}]+\} 1$/m);
    expect(page).toMatch(/^presignd_signer_native\{destination="default"\} 1$/m);
    expect(page).toMatch(/^process_start_time_seconds \d+$/m);

    process.kill(pidOf(service.program, 2), 'SIGKILL');
    await untilLines(service.program, 'worker serves', WORKERS + 1);
    expect(await uploadsCounted()).toBe(before + CALLS);
    process.kill(service.program.pid, 'SIGHUP');
    await untilLines(service.program, 'all workers were restarted', 1);
    expect(await uploadsCounted()).toBe(before + CALLS);
    await statuses(CALLS, service.token);
    expect(await uploadsCounted()).toBe(before + 2 * CALLS);
    const ends = [...(await metrics()).matchAll(/^presignd_worker_ends_total\{how="(\w+)"\} (\d+)$/gm)];
    expect(ends.map(([, how, count]) => [how, Number(count)])).toEqual([
      ['crash', 1],
      ['hang', 0],
      ['restart', WORKERS],
    ]);
  });
});

const metrics = async () => (await sendHttp1(`${service.url}/metrics`)).body;

/** Uploads asked for with a good key, by the counter and by the histogram, which must agree. */
async function uploadsCounted(): Promise<number> {
  const page = await metrics();
  const route = 'route="upload.v1.UploadService/CreateS3Upload"';
  const sum = (pattern: string) =>
    [...page.matchAll(new RegExp(`${pattern} (\\d+)$`, 'gm'))].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
  const counted = sum(`^presignd_requests_total\\{protocol="rest",${route},code="\\w+"\\}`);
  expect(sum(`^presignd_request_duration_seconds_count\\{protocol="rest",${route}\\}`)).toBe(counted);
  return counted;
}
