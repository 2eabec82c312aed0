import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoad } from '../support/load-loop.ts';
import { openRawConnection } from '../support/raw-connection.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { SWITCHING_CLIENTS } from '../support/switching-clients.ts';
import { askForUpload, getUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';
import { linesWith, openWorkers, pidOf, untilLines } from '../support/worker-service.ts';

const WORKERS = 2;
const CLIENTS = Object.entries(SWITCHING_CLIENTS);

describe('SIGHUP', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openWorkers(WORKERS);
  });
  afterAll(() => service?.[Symbol.asyncDispose]());

  it.each(CLIENTS)('replaces every worker under load over %s, and fails no call', async (_, open) => {
    const { program, token, url } = service;
    const rolled = linesWith(program, 'all workers were restarted').length;
    const before = [pidOf(program, 1), pidOf(program, 2)];
    using clients = open({ urls: () => [url] }, token);
    const load = startLoad(clients.callers.length, async (caller) => clients.callers[caller]?.());
    await load.calls(100);
    process.kill(program.pid, 'SIGHUP');
    await untilLines(program, 'all workers were restarted', rolled + 1);
    await load.calls(100);
    const { calls, failures, longestMs } = await load.stop();
    process.stdout.write(`a restart: ${calls} calls, the longest took ${Math.round(longestMs)} ms\n`);
    expect(failures).toEqual([]);
    expect(before).not.toContain(pidOf(program, 1));
    expect(before).not.toContain(pidOf(program, 2));
    for (const pid of before) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('has no worker say that it is not ready', async () => {
    const drained = service.program.log().filter(({ msg, status }) => msg === 'request' && status === 503);
    expect(drained).toEqual([]);
  });
});

describe('SIGHUP to one process', () => {
  it('does nothing but say so', async () => {
    await using service = await openService(UNREACHABLE_S3);
    process.kill(service.program.pid, 'SIGHUP');
    await service.program.untilPrinted('takes --workers 2 or more');
    expect((await askForUpload(service.url, service.token)).status).toBe(200);
    expect(await service.program.stop()).toBe(0);
  });
});

describe('the end of a service with workers', () => {
  it.each(CLIENTS)('fails no call over %s that another instance can take', async (_, open) => {
    await using service = await openWorkers(WORKERS);
    const next = await service.sandbox.start('serve', { PRESIGND_WORKERS: '1' });
    using clients = open({ urls: () => [service.url, next.url] }, service.token);
    const load = startLoad(clients.callers.length, async (caller) => clients.callers[caller]?.());
    await load.calls(100);
    expect(await service.program.stop()).toBe(0);
    await load.calls(100);
    expect((await load.stop()).failures).toEqual([]);
    expect(linesWith(service.program, 'draining')).toHaveLength(WORKERS + 1);
    expect(linesWith(service.program, 'stopped')).toHaveLength(WORKERS + 1);
  });

  it('kills a worker that does not end, says so, and still ends with 0', async () => {
    await using service = await openWorkers(WORKERS, { PRESIGND_SHUTDOWN_GRACE: '0s' });
    const { program } = service;
    const hung = pidOf(program, 2);
    process.kill(hung, 'SIGSTOP');
    expect(await program.stop()).toBe(0);
    const [killed] = linesWith(program, 'was killed');
    expect(killed).toMatchObject({ level: 'error', worker: 2, pid: hung });
    expect(() => process.kill(hung, 0)).toThrow('ESRCH');
  });

  it('ends at once at a second signal, workers and all', async () => {
    await using service = await openWorkers(WORKERS, { PRESIGND_SHUTDOWN_DELAY: '5m' });
    const { program } = service;
    const pids = [pidOf(program, 1), pidOf(program, 2)];
    const ended = program.stop('SIGTERM');
    await untilLines(program, 'draining', WORKERS + 1);
    // What comes sooner is taken for an echo of the first.
    await new Promise((resolve) => setTimeout(resolve, 600));
    process.kill(program.pid, 'SIGINT');
    expect(await ended).toBeNull();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('whose primary is killed: workers finish their calls, and none is left', async () => {
    await using service = await openWorkers(WORKERS);
    const { program, token } = service;
    const { headers, body } = uploadCall(token);
    const fields = Object.entries({ host: 'a', ...headers, 'content-length': String(body.length) });
    const connection = await openRawConnection(program.port);
    connection.send(
      `POST ${UPLOAD_PATH} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    // Only what a worker has taken is a running call; a later one on each worker shows that it has.
    for (let call = 0; call < 4; call++) await askForUpload(program.url, token);
    // Resolves when nobody holds the output of the program any more.
    const over = program.kill();
    await untilLines(program, 'draining', WORKERS);
    connection.send(String(body));
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await over;
  });
});

describe('a restart', () => {
  it('reads settings anew from files, in every worker', async () => {
    await using service = await openWorkers(WORKERS);
    const { sandbox, token } = service;
    const file = join(sandbox.folder, 'url-ttl');
    await writeFile(file, '1h');
    const program = await sandbox.start('serve', { PRESIGND_URL_TTL_FILE: file });
    const lifeMs = async () => Date.parse((await getUpload(program.url, token)).expiresAt) - Date.now();
    expect(await lifeMs()).toBeGreaterThan(30 * 60_000);
    await writeFile(file, '1m');
    process.kill(program.pid, 'SIGHUP');
    await untilLines(program, 'all workers were restarted', 1);
    for (let call = 0; call < 2 * WORKERS; call++) expect(await lifeMs()).toBeLessThan(2 * 60_000);
  });
});
