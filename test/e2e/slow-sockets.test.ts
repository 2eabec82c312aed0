// Peers that take their time. They are waited for in `describe.concurrent`: the server's patience is their length.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawConnection } from '../support/raw-connection.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { getUpload } from '../support/upload-calls.ts';

const HEAD = 'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

describe.concurrent('a peer', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openService(UNREACHABLE_S3);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  /** Sends the first piece at once and the other one again and again; answers what came until the server hung up. */
  async function trickle(first: string, again: string, intervalMs: number): Promise<string> {
    const connection = await openRawConnection(service.program.port);
    connection.send(first);
    const timer = setInterval(() => connection.send(again), intervalMs);
    const answer = await connection.closed;
    clearInterval(timer);
    // Availability: nobody else noticed.
    await getUpload(service.url, service.token);
    return answer;
  }

  it('that says nothing is hung up on', async () => {
    expect(await trickle('', '', 60_000)).toBe('');
  });

  it('whose HTTP/2 preface does not come to an end is hung up on', async () => {
    expect(await trickle('PRI * HT', '', 60_000)).toBe('');
  });

  it('whose headers do not come to an end is answered 408', async () => {
    expect(await trickle(HEAD, 'X-Slow: 1\r\n', 500)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('whose body does not come to an end is answered 408', async () => {
    const begun = `${HEAD}Content-Length: 1000\r\n\r\n{`;
    expect(await trickle(begun, ' ', 500)).toMatch(/^HTTP\/1\.1 408 /);
  });
});
