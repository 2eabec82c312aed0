import http, { type IncomingHttpHeaders } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The status, and the code of the error document where there is one. */
  readonly outcome: string;
}

export interface HttpRequest {
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  /** Send the body in chunks, without announcing its length. */
  readonly isChunked?: boolean;
  /** Send only so many bytes of the body, and cut the connection. */
  readonly cutAfter?: number;
}

/** Sends a request exactly as given: no retries, no redirects, no headers of its own but Host and Content-Length. */
export function send(method: string, url: string, request: HttpRequest = {}): Promise<HttpAnswer> {
  const body = Buffer.from(request.body ?? '');
  const headers = { ...request.headers };
  if (request.isChunked) headers['transfer-encoding'] = 'chunked';
  const announcesLength = request.isChunked || Object.keys(headers).some((name) => name === 'content-length');
  if (!announcesLength && method !== 'GET' && method !== 'HEAD')
    headers['content-length'] = String(body.length);
  // Not parsed with URL, which would normalise the path.
  const [, host = '', path = '/'] = /^http:\/\/([^/?]+)(.*)$/.exec(url) ?? [];
  const [hostname, port] = host.split(':');
  // A server that is told to close the connection may do so under the body that it refuses, and the answer is lost.
  const agent = new http.Agent({ keepAlive: true });
  return new Promise<HttpAnswer>((resolve, reject) => {
    const outgoing = http.request({ method, hostname, port, path, headers, agent }, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const received = Buffer.concat(pieces);
        const code = /<Error>.*?<Code>([^<]+)</s.exec(received.toString('latin1'))?.[1];
        const status = incoming.statusCode ?? 0;
        const outcome = code === undefined ? `${status}` : `${status} ${code}`;
        resolve({ status, headers: incoming.headers, body: received, outcome });
      });
    });
    outgoing.on('error', reject);
    if (request.cutAfter === undefined) {
      outgoing.end(body);
    } else {
      outgoing.write(body.subarray(0, request.cutAfter), () => outgoing.destroy(new Error('cut on purpose')));
    }
  }).finally(() => agent.destroy());
}
