import { describe, expect, it } from 'vitest';
import { sendHttp1 } from '../support/http-requests.ts';
import { startLoad } from '../support/load-loop.ts';
import { openRawConnection, type RawConnection } from '../support/raw-connection.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { SWITCHING_CLIENTS } from '../support/switching-clients.ts';
import { askForUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

/** Each round is another chance for a call to fall into a gap. */
const ROUNDS = 5;

describe('a rolling restart under load', () => {
  it.each(Object.entries(SWITCHING_CLIENTS))(
    'fails no call over %s, and every exit code is 0',
    async (_, open) => {
      await using service = await openService(UNREACHABLE_S3);
      let current = service.program;
      let urls = [current.url];
      using clients = open({ urls: () => urls }, service.token);
      const load = startLoad(clients.callers.length, async (caller) => clients.callers[caller]?.());
      const exitCodes = [];
      for (let round = 0; round < ROUNDS; round++) {
        await load.calls(200);
        const next = await service.sandbox.start();
        // The old one is still the first choice: nobody has told the clients that it is about to go.
        urls = [current.url, next.url];
        await load.calls(200);
        exitCodes.push(await current.stop('SIGTERM'));
        current = next;
      }
      await load.calls(200);
      const { calls, failures, longestMs } = await load.stop();
      process.stdout.write(
        `${ROUNDS} restarts: ${calls} calls, the longest took ${Math.round(longestMs)} ms\n`,
      );
      expect(failures).toEqual([]);
      expect(exitCodes).toEqual(Array(ROUNDS).fill(0));
    },
  );
});

describe('a stop signal', () => {
  const DRAINING = 'draining: no new calls';

  /** A call whose body is not complete yet, and the rest of it. */
  async function beginCall({
    program,
    token,
  }: Service): Promise<{ connection: RawConnection; rest: string }> {
    const { headers, body } = uploadCall(token);
    const fields = { host: 'a', ...headers, 'content-length': String(body.length) };
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const connection = await openRawConnection(program.port);
    connection.send(`POST ${UPLOAD_PATH} HTTP/1.1\r\n${head.join('')}\r\n${body.slice(0, 10)}`);
    // Only a call that has arrived is a running call: a later one on the same server is answered.
    await askForUpload(program.url, token);
    return { connection, rest: String(body.slice(10)) };
  }

  it('lets a call finish whose body is still coming', async () => {
    await using service = await openService(UNREACHABLE_S3);
    const { connection, rest } = await beginCall(service);
    const exit = service.program.stop('SIGTERM');
    await service.program.untilPrinted(DRAINING);
    await expect.poll(() => connect(service)).toBe('refused');
    connection.send(rest);
    const answer = await connection.closed;
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(await exit).toBe(0);
  });

  it('cuts a call that outlives the grace time, says so, and still ends with 0', async () => {
    await using service = await openService({ ...UNREACHABLE_S3, PRESIGND_SHUTDOWN_GRACE: '500ms' });
    const { connection } = await beginCall(service);
    expect(await service.program.stop('SIGTERM')).toBe(0);
    expect(await connection.closed).toBe('');
    const stopped = service.program.log().find(({ msg }) => msg === 'stopped');
    expect(stopped).toMatchObject({
      level: 'warn',
      clean: false,
      cutConnections: 1,
      cutCalls: [{ protocol: 'rest', route: 'upload.v1.UploadService/CreateS3Upload', calls: 1 }],
    });
  });

  it('turns readiness off, and serves on for as long as load balancers need to notice', async () => {
    await using service = await openService({ ...UNREACHABLE_S3, PRESIGND_SHUTDOWN_DELAY: '2s' });
    expect((await sendHttp1(`${service.url}/readyz`)).status).toBe(200);
    const exit = service.program.stop('SIGTERM');
    await service.program.untilPrinted(DRAINING);
    const { status, body } = await sendHttp1(`${service.url}/readyz`);
    expect({ status, body: JSON.parse(body) }).toMatchObject({ status: 503, body: { status: 'draining' } });
    expect((await sendHttp1(`${service.url}/livez`)).status).toBe(200);
    expect((await askForUpload(service.url, service.token)).status).toBe(200);
    expect(await exit).toBe(0);
  });

  it('that comes twice is one stop', async () => {
    await using service = await openService(UNREACHABLE_S3);
    const { connection, rest } = await beginCall(service);
    const exit = service.program.stop('SIGTERM');
    await service.program.untilPrinted(DRAINING);
    process.kill(service.program.pid, 'SIGINT');
    connection.send(rest);
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(await exit).toBe(0);
  });
});

async function connect({ program }: Service): Promise<'taken' | 'refused'> {
  try {
    const { socket } = await openRawConnection(program.port);
    socket.destroy();
    return 'taken';
  } catch {
    return 'refused';
  }
}
