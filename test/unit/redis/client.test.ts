import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { errorFromRedis, openRedis } from '../../../src/redis/client.ts';
import { faultOf } from '../../support/faults.ts';

const PASSWORD = 'correct-horse-battery';
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that answers every line with `reply`, or never when there is none. */
async function listen(reply?: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.on('data', () => reply !== undefined && socket.write(reply));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function open(url: string) {
  const onDown = vi.fn<(error: Error) => void>();
  const connections = openRedis({ url, onDown });
  closers.push(() => connections.close());
  return { ...connections, onDown };
}

describe('a URL', () => {
  /** Node's own error for a bad URL shows the whole of it. */
  it.each([`redis//:${PASSWORD}@h`, `http://:${PASSWORD}@127.0.0.1`, `redis://:${PASSWORD}@h:99999`, ''])(
    'that is none of Redis is refused, and its password is not shown',
    async (url) => {
      const fault = await faultOf(() => openRedis({ url }));
      expect(fault).toMatchObject({ reason: 'INVALID_REQUEST', fields: [{ field: 'REDIS_URL' }] });
      expect(inspect(fault, { depth: 10 })).not.toContain(PASSWORD);
    },
  );
});

describe('a Redis that is not there', () => {
  it('fails every command at once, and is reported once', async () => {
    const port = await listen();
    await closers.pop()?.();
    const { commands, onDown, ready } = open(`redis://:${PASSWORD}@127.0.0.1:${port}`);
    await expect(commands.get('x')).rejects.toThrow();
    expect(await ready(400)).toBe(false);
    expect(onDown).toHaveBeenCalledOnce();
    expect(onDown.mock.calls[0]?.[0].message).toContain('ECONNREFUSED');
    await expect(commands.get('x')).rejects.toThrow();
  });

  it('that accepts connections and never answers, is not waited for', async () => {
    const { commands, ready } = open(`redis://127.0.0.1:${await listen()}`);
    expect(await ready(200)).toBe(false);
    await expect(commands.get('x')).rejects.toThrow();
  });

  /** The client's errors carry the arguments of the command that failed, here AUTH and the password. */
  it('or does not accept the password, is reported without the password', async () => {
    const port = await listen('-WRONGPASS invalid username-password pair or user is disabled.\r\n');
    const { onDown, commands } = open(`redis://user:${PASSWORD}@127.0.0.1:${port}`);
    await vi.waitFor(() => expect(onDown).toHaveBeenCalled());
    const error = await commands.get('x').catch((cause: unknown) => errorFromRedis(cause));
    const shown = inspect([onDown.mock.calls, error], { depth: 10, showHidden: true });
    expect(shown).toContain('WRONGPASS');
    expect(shown).not.toContain(PASSWORD);
  });
});

/** Redis answers a command that it does not know with what it was sent, and proxies in front of it need no AUTH. */
it.each([
  `-ERR unknown command 'auth', with args beginning with: 'user' '${PASSWORD}' \r\n`,
  `-ERR unknown command \`AUTH\`, with args beginning with: \`user\`, \`${PASSWORD}\`, \r\n`,
])('a Redis that does not know AUTH is reported without the password', async (reply) => {
  const { onDown } = open(`redis://user:${PASSWORD}@127.0.0.1:${await listen(reply)}`);
  await vi.waitFor(() => expect(onDown).toHaveBeenCalled());
  expect(inspect(onDown.mock.calls, { depth: 10, showHidden: true })).not.toContain(PASSWORD);
  expect(onDown.mock.calls[0]?.[0].message).toMatch(/^ERR unknown command .auth.$/i);
});

it('an error of the client keeps its message and loses everything else', () => {
  const original = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: [PASSWORD] } });
  expect(inspect(errorFromRedis(original), { showHidden: true })).not.toContain(PASSWORD);
  expect(errorFromRedis(original).message).toBe('WRONGPASS');
  expect(errorFromRedis('text').message).toBe('Redis failed');
});
