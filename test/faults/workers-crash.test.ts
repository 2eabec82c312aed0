import { describe, expect, it } from 'vitest';
import { closingAgent, sendHttp1 } from '../support/http-requests.ts';
import { startLoad } from '../support/load-loop.ts';
import { askForUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';
import { linesWith, openWorkers, pidOf, untilLines } from '../support/worker-service.ts';

const CALLERS = 8;
const KILLS = 2;

describe('a worker that is killed under load', () => {
  it('loses no more than the calls on its own connections, and none of clients that try again', async () => {
    await using service = await openWorkers(2);
    const { program, token, url } = service;
    let lost = 0;
    const agents = Array.from({ length: CALLERS }, () => closingAgent(1));
    const callOnce = (caller: number) => sendHttp1(url + UPLOAD_PATH, uploadCall(token), agents[caller]);
    const load = startLoad(CALLERS, async (caller) => {
      const { status, body } = await callOnce(caller).catch((error: unknown) => {
        if (!isBroken(error)) throw error;
        lost += 1;
        return callOnce(caller);
      });
      if (status !== 200) throw new Error(`${status} ${body}`);
    });
    for (let kill = 1; kill <= KILLS; kill++) {
      await load.calls(200);
      process.kill(pidOf(program, 1), 'SIGKILL');
      await untilLines(program, 'worker serves', 2 + kill);
    }
    await load.calls(200);
    const { failures } = await load.stop();
    for (const agent of agents) agent[Symbol.dispose]();
    expect(failures).toEqual([]);
    expect(lost).toBeLessThanOrEqual(KILLS * CALLERS);
    const ends = linesWith(program, 'ended by itself');
    expect(ends).toHaveLength(KILLS);
    expect(ends[0]).toMatchObject({ level: 'error', worker: 1, signal: 'SIGKILL', delayMs: 0 });
    expect(await program.stop()).toBe(0);
  });

  it('leaves a connection to the others that it was dealt and had not taken', async () => {
    await using service = await openWorkers(2);
    const stuck = pidOf(service.program, 1);
    process.kill(stuck, 'SIGSTOP');
    let answered = 0;
    const calls = Array.from({ length: 4 }, async () => {
      const { status } = await askForUpload(service.url, service.token);
      answered += 1;
      return status;
    });
    // The stopped worker has one of them by now: each is dealt one until it says that it took it.
    await expect.poll(() => answered).toBe(3);
    process.kill(stuck, 'SIGKILL');
    expect(await Promise.all(calls)).toEqual([200, 200, 200, 200]);
  });
});

describe('a worker that cannot start any more', () => {
  it('is tried again ever later, keeps no other from serving, and stops a restart of all', async () => {
    await using service = await openWorkers(2, {}, { PRESIGND_LOG_LEVEL: 'info' });
    const { program, token, url, set } = service;
    const kept = pidOf(program, 1);

    await set('PRESIGND_LOG_LEVEL', 'nonsense');
    process.kill(program.pid, 'SIGHUP');
    const [refused] = await untilLines(program, 'a new worker did not start', 1);
    expect(refused).toMatchObject({ level: 'error', worker: 1, code: 2 });

    process.kill(pidOf(program, 2), 'SIGKILL');
    const ends = await untilLines(program, 'ended by itself', 4);
    const delays = ends.map((line) => Number(line['delayMs']));
    expect(delays[0]).toBe(0);
    for (const [index, longestMs] of [500, 1_000, 2_000].entries()) {
      expect(delays[index + 1]).toBeGreaterThanOrEqual(longestMs / 2);
      expect(delays[index + 1]).toBeLessThanOrEqual(longestMs);
    }
    expect(program.output()).toContain('PRESIGND_LOG_LEVEL');
    expect(pidOf(program, 1)).toBe(kept);
    expect((await askForUpload(url, token)).status).toBe(200);

    await set('PRESIGND_LOG_LEVEL', 'info');
    await untilLines(program, 'worker serves', 3);
    expect(await program.stop()).toBe(0);
  });
});

/** What a client sees whose server is gone. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ECONNRESET', 'EPIPE'].includes(String(error.code));
}
