import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sendHttp1 } from '../support/http-requests.ts';
import { askForUpload } from '../support/upload-calls.ts';
import { linesWith, openWorkers, pidOf, untilLines } from '../support/worker-service.ts';

describe('a worker that hangs', () => {
  it('is killed and replaced, and no call on a new connection is lost for it', async () => {
    await using service = await openWorkers(2, { PRESIGND_WORKER_TIMEOUT: '2s' });
    const { program, url, token } = service;
    const [hung, other] = [pidOf(program, 1), pidOf(program, 2)];
    process.kill(hung, 'SIGSTOP');
    const calls = Array.from({ length: 6 }, async () => (await askForUpload(url, token)).status);
    expect(await Promise.all(calls)).toEqual(Array(6).fill(200));

    await untilLines(program, 'worker serves', 3);
    expect(pidOf(program, 1)).not.toBe(hung);
    expect(pidOf(program, 2)).toBe(other);
    expect(linesWith(program, 'does not answer')).toMatchObject([
      { level: 'error', worker: 1, pid: hung, silentMs: 2_000 },
    ]);
    expect(linesWith(program, 'hung and was killed')).toMatchObject([
      { level: 'error', worker: 1, pid: hung, signal: 'SIGKILL', delayMs: 0 },
    ]);
    expect(linesWith(program, 'ended by itself')).toEqual([]);
    for (let call = 0; call < 4; call += 1) expect((await askForUpload(url, token)).status).toBe(200);
    const { body } = await sendHttp1(`${url}/metrics`);
    expect(body).toContain('presignd_worker_ends_total{how="hang"} 1\n');
    expect(body).toContain('presignd_workers 2\n');
    expect(await program.stop()).toBe(0);
  });
});

describe('a service that is suspended as a whole', () => {
  it('for longer than a worker may hang goes on with the same workers', async () => {
    await using service = await openWorkers(2, { PRESIGND_WORKER_TIMEOUT: '1s' });
    const { program, url, token } = service;
    const workers = [pidOf(program, 1), pidOf(program, 2)];
    const all = [program.pid, ...workers];
    for (const pid of all) process.kill(pid, 'SIGSTOP');
    await delay(2_500);
    for (const pid of all) process.kill(pid, 'SIGCONT');
    for (let call = 0; call < 4; call += 1) expect((await askForUpload(url, token)).status).toBe(200);
    expect([pidOf(program, 1), pidOf(program, 2)]).toEqual(workers);
    expect(await program.stop()).toBe(0);
    expect(linesWith(program, 'does not answer')).toEqual([]);
  });
});
