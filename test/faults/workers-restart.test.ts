import { describe, expect, it } from 'vitest';
import { startLoad } from '../support/load-loop.ts';
import { openRawConnection } from '../support/raw-connection.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService } from '../support/service.ts';
import { SWITCHING_CLIENTS } from '../support/switching-clients.ts';
import { askForUpload, getUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';
import { linesWith, openWorkers, pidOf, untilLines } from '../support/worker-service.ts';

const WORKERS = 2;

/** With more callers, a client that has little CPU would leave connections idle for longer than a stop waits. */
const CALLERS = 4;

/** Load over every protocol at once. */
function startEveryLoad(urls: () => readonly string[], token: string) {
  const stack = new DisposableStack();
  const clients = Object.values(SWITCHING_CLIENTS).map((open) => stack.use(open({ urls }, token)));
  const callers = clients.flatMap((each) => each.callers.slice(0, CALLERS));
  const load = startLoad(callers.length, async (caller) => callers[caller]?.());
  return { load, [Symbol.dispose]: () => stack.dispose() };
}

describe('SIGHUP', () => {
  it('replaces every worker under load over HTTP/1.1, h2c and gRPC, fails no call, and reads files anew', async () => {
    await using service = await openWorkers(WORKERS, {}, { PRESIGND_URL_TTL: '1h' });
    const { program, token, url, set } = service;
    const lifeMs = async () => Date.parse((await getUpload(url, token)).expiresAt) - Date.now();
    expect(await lifeMs()).toBeGreaterThan(30 * 60_000);
    const before = [pidOf(program, 1), pidOf(program, 2)];
    using running = startEveryLoad(() => [url], token);
    await running.load.calls(200);
    await set('PRESIGND_URL_TTL', '1m');
    process.kill(program.pid, 'SIGHUP');
    await untilLines(program, 'all workers were restarted', 1);
    await running.load.calls(200);
    const { calls, failures, longestMs } = await running.load.stop();
    process.stdout.write(`a restart: ${calls} calls, the longest took ${Math.round(longestMs)} ms\n`);
    expect(failures).toEqual([]);
    for (const worker of [1, 2]) expect(before).not.toContain(pidOf(program, worker));
    expect(linesWith(program, 'worker replaced').map(({ pid }) => pid)).toEqual(before);
    for (let call = 0; call < 2 * WORKERS; call++) expect(await lifeMs()).toBeLessThan(2 * 60_000);
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
  it('fails no call over HTTP/1.1, h2c and gRPC that another instance can take', async () => {
    await using service = await openWorkers(WORKERS);
    const next = await service.sandbox.start('serve', { PRESIGND_WORKERS: '1' });
    using running = startEveryLoad(() => [service.url, next.url], service.token);
    await running.load.calls(200);
    expect(await service.program.stop()).toBe(0);
    await running.load.calls(200);
    expect((await running.load.stop()).failures).toEqual([]);
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
  });

  it('ends at once at a second signal, workers and all', async () => {
    await using service = await openWorkers(WORKERS, { PRESIGND_SHUTDOWN_DELAY: '5m' });
    const { program } = service;
    const ended = program.stop('SIGTERM');
    await untilLines(program, 'draining', WORKERS + 1);
    // What comes sooner is taken for an echo of the first.
    await new Promise((resolve) => setTimeout(resolve, 600));
    process.kill(program.pid, 'SIGINT');
    // Only once nobody holds its output any more is the program over.
    expect(await ended).toBeNull();
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
    // Only what a worker has taken is a running call; later ones on both workers show that it has.
    for (let call = 0; call < 2 * WORKERS; call++) await askForUpload(program.url, token);
    // Resolves when nobody holds the output of the program any more.
    const over = program.kill();
    await untilLines(program, 'draining', WORKERS);
    connection.send(String(body));
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await over;
  });
});
