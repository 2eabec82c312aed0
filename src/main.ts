// The process: arguments and signals in, an exit code out. It never calls `process.exit`, which would cut
// answers and log lines that are still being written.
import { runCli } from './cli/cli.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(signal));
}

process.exitCode = await runCli(process.argv.slice(2), stop.signal);
