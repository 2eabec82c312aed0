import { connect } from 'node:net';
import { TEST_IMAGES } from './images.ts';
import { startServer, type TestServer } from './test-server.ts';

export interface RedisServer extends TestServer {
  readonly url: string;
}

/** A Redis of its own for a test, without persistence: it comes back empty from `restart`. */
export async function startRedis(): Promise<RedisServer> {
  const server = await startServer({
    name: 'Redis',
    image: TEST_IMAGES.redis,
    containerPort: 6379,
    containerCommand: ['redis-server', '--save', '', '--appendonly', 'no'],
    environment: {},
    program: 'redis-server',
    programArguments: (port, folder) =>
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder].concat(
        '--save',
        '',
        '--appendonly',
        'no',
      ),
    answers: answersPing,
  });
  return { ...server, url: `redis://${server.host}:${server.port}` };
}

async function answersPing(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  socket.write('PING\r\n');
  for await (const answer of socket) return String(answer).startsWith('+PONG');
  // The engine's proxy accepts connections, and closes them, before the server listens.
  return false;
}
