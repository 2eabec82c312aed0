// Servers that tests may hurt: in a container where a Docker engine answers, else as a child process.
import { startContainer } from './container-server.ts';
import { startProcess } from './process-server.ts';
import { errorMessage } from './server-start.ts';

/** A server whose address stays the same until `stop`. */
export interface TestServer {
  readonly host: string;
  readonly port: number;
  /** What runs, for the log: an image, or a program's path. */
  readonly runs: string;
  /** Freezes the server: connections are accepted and stay open, but nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the server at once, as a crash would: connections are cut and new ones refused. */
  kill(): Promise<void>;
  /** Brings the server back after `kill`, or restarts a running one, and waits until it answers. */
  restart(): Promise<void>;
  /** Ends the server for good and removes what it left. */
  stop(): Promise<void>;
}

/** How one kind of server is started in either way. */
export interface ServerSpec {
  readonly name: string;
  readonly image: string;
  readonly containerPort: number;
  readonly containerCommand: readonly string[];
  /** Arguments for a server that uses the machine's own network, where it listens on the port that it is given. */
  readonly hostNetworkCommand?: (port: number) => readonly string[];
  /** File systems in memory that the container gets, with their mount options. A process gets none. */
  readonly containerTmpFs?: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** The program's name on the PATH. */
  readonly program: string;
  readonly programArguments: (port: number, folder: string) => readonly string[];
  /** What must run before the program, in its folder: another program and its arguments. */
  readonly prepareProgram?: readonly [program: string, ...args: string[]];
  /** The program refuses to run as root, and then runs as nobody. */
  readonly avoidsRoot?: boolean;
  /** Whether the server at this address answers as it should. */
  readonly answers: (host: string, port: number) => Promise<boolean>;
}

/** Neither a container nor a process could be had. The message says why, for both. */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError';
}

/** Starts the server and waits until it answers. Throws ServerUnavailableError. */
export async function startServer(spec: ServerSpec): Promise<TestServer> {
  const problems: string[] = [];
  for (const start of [startContainer, startProcess]) {
    try {
      return await start(spec);
    } catch (error) {
      problems.push(errorMessage(error));
    }
  }
  throw new ServerUnavailableError(`${spec.name} cannot be started: ${problems.join('; ')}`);
}
