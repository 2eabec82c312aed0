// A reverse proxy in front of an S3 server, which passes the Host header on, as it must, and changes what a test says.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

export type Headers = Record<string, string | string[] | undefined>;

export interface ProxyOptions {
  /** Answers in place of the server, and says so. */
  readonly answers?: (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean;
  /** Changes the headers of an answer on its way back. */
  readonly changeHeaders?: (headers: Headers, request: IncomingMessage) => void;
}

export interface S3Proxy extends AsyncDisposable {
  readonly url: string;
}

export async function openS3Proxy(target: string, options: ProxyOptions = {}): Promise<S3Proxy> {
  const server = createServer(async (asked, response) => {
    const body = await buffer(asked);
    if (options.answers?.(asked, response, body)) return;
    const passed = request(
      target + asked.url,
      { method: asked.method, headers: asked.headers, agent: false },
      (answer) => {
        const headers: Headers = { ...answer.headers };
        options.changeHeaders?.(headers, asked);
        response.writeHead(answer.statusCode ?? 502, headers);
        answer.pipe(response);
      },
    );
    passed.on('error', () => response.destroy());
    passed.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
