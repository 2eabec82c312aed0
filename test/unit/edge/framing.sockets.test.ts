// Requests that a proxy in front could end elsewhere than we do: what follows them is nobody's request.
import { describe, expect, it } from 'vitest';
import type { HttpHandler } from '../../../src/rpc/http-handler.ts';
import { openRawConnection } from '../../support/raw-connection.ts';
import { doorAt, edgePerTest, expectAlive } from './support.ts';

const start = edgePerTest();

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKS = '0\r\n\r\n';

/** Sends the bytes and a further request behind them; answers what was served of both. */
async function served(bytes: string): Promise<{ paths: readonly string[]; answer: string }> {
  const paths: string[] = [];
  const handler: HttpHandler = (request, response) => {
    paths.push(request.url ?? '');
    request.resume();
    response.end('served');
  };
  const edge = await start({ doors: [doorAt({ '/x': handler, '/hidden': handler })] });
  const connection = await openRawConnection(edge.port);
  connection.send(bytes + HIDDEN);
  const answer = await connection.closed;
  const servedPaths = [...paths];
  await expectAlive(edge.port);
  return { paths: servedPaths, answer };
}

describe('a request in doubtful framing', () => {
  it.each([
    ['a coding in front of chunked', 'HTTP/1.1', 'Transfer-Encoding: gzip, chunked'],
    ['identity in front of chunked', 'HTTP/1.1', 'Transfer-Encoding: identity, chunked'],
    [
      'two lines that make two codings',
      'HTTP/1.1',
      'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
    ],
    ['chunks in HTTP/1.0', 'HTTP/1.0', 'Connection: keep-alive\r\nTransfer-Encoding: chunked'],
    ['a version of long ago', 'HTTP/0.9', 'Connection: keep-alive\r\nTransfer-Encoding: chunked'],
    ['a version of the other kind', 'HTTP/2.0', 'Transfer-Encoding: chunked'],
  ])('with %s is refused, and nothing behind it is run', async (_name, version, lines) => {
    const { paths, answer } = await served(`POST /x ${version}\r\nHost: a\r\n${lines}\r\n\r\n${CHUNKS}`);
    expect(paths).toEqual([]);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(answer).toMatch(/connection: close/i);
  });

  it('with a bad host is refused, and nothing behind it is run', async () => {
    const { paths, answer } = await served('GET /x HTTP/1.1\r\nHost: [\r\n\r\n');
    expect(paths).toEqual([]);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  });

  it('does not include chunks alone, in any case', async () => {
    const last = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const { paths } = await served(
      `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n${CHUNKS}${last}`,
    );
    expect(paths.slice(0, 2)).toEqual(['/x', '/x']);
  });
});
