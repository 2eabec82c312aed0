import { TEST_IMAGES } from './images.ts';
import { freePort } from './server-start.ts';
import { startServer, type TestServer } from './test-server.ts';

export interface ToxiproxyServer extends TestServer {
  /** Its API. */
  readonly url: string;
}

/** What a Toxiproxy can do to the bytes that pass (https://github.com/Shopify/toxiproxy#toxics). */
export type Toxic =
  /** Bytes come later, each of them by this long. */
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number } }
  /** Nothing passes any more. The connection stays open with 0, or else is closed after the time in milliseconds. */
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } }
  /** The connection is closed late. */
  | { readonly type: 'slow_close'; readonly attributes: { readonly delay: number } }
  /** The connection is reset after the time in milliseconds. */
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } }
  /** The connection is closed once so many bytes have passed. */
  | { readonly type: 'limit_data'; readonly attributes: { readonly bytes: number } };

/** A way to a server that can be spoilt. */
export interface ToxicProxy {
  readonly host: string;
  readonly port: number;
  /** Spoils every connection, those that are open included. `upstream` is what the client sends. */
  spoil(toxic: Toxic, stream?: 'upstream' | 'downstream'): Promise<void>;
  /** Cuts every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Undoes whatever was done. */
  heal(): Promise<void>;
  remove(): Promise<void>;
}

/** Where it runs in a container it uses the machine's own network, so that nothing leaves the loopback address. */
export async function startToxiproxy(): Promise<ToxiproxyServer> {
  const args = (port: number) => ['-host', '127.0.0.1', '-port', String(port)];
  const server = await startServer({
    name: 'Toxiproxy',
    image: TEST_IMAGES.toxiproxy,
    containerPort: 8474,
    containerCommand: [],
    hostNetworkCommand: args,
    environment: {},
    program: 'toxiproxy-server',
    programArguments: args,
    answers: async (host, port) => {
      const url = `http://${host}:${port}/version`;
      return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
    },
  });
  return { ...server, url: `http://${server.host}:${server.port}` };
}

/** Makes a way to `target` through the Toxiproxy with this API. */
export async function openProxy(
  apiUrl: string,
  target: { readonly host: string; readonly port: number },
): Promise<ToxicProxy> {
  const host = new URL(apiUrl).hostname;
  const port = await freePort();
  const name = `to-${target.port}-from-${port}`;
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${apiUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`Toxiproxy answers ${answer.status}: ${await answer.text()}`);
    return answer.text();
  };
  await ask('POST', '/proxies', {
    name,
    listen: `${host}:${port}`,
    upstream: `${target.host}:${target.port}`,
    enabled: true,
  });
  let toxics = 0;
  return {
    host,
    port,
    async spoil(toxic, stream = 'downstream') {
      toxics += 1;
      await ask('POST', `/proxies/${name}/toxics`, {
        name: `toxic-${toxics}`,
        stream,
        toxicity: 1,
        ...toxic,
      });
    },
    async cut() {
      await ask('POST', `/proxies/${name}`, { enabled: false });
    },
    async heal() {
      const { toxics } = JSON.parse(await ask('GET', `/proxies/${name}`)) as { toxics: { name: string }[] };
      for (const toxic of toxics) await ask('DELETE', `/proxies/${name}/toxics/${toxic.name}`);
      await ask('POST', `/proxies/${name}`, { enabled: true });
    },
    async remove() {
      await ask('DELETE', `/proxies/${name}`);
    },
  };
}
