// The process: arguments and signals in, an exit code out. It never calls `process.exit`, which would cut
// answers and log lines that are still being written.
import cluster from 'node:cluster';
import { runCli } from './cli/cli.ts';
import { createStopSignal } from './cli/stop-signal.ts';

const stop = createStopSignal({
  on: (name, listener) => process.on(name, listener),
  clock: () => performance.now(),
  die: (name) => {
    // Left alone, workers would finish their calls.
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  },
});

// node:cluster would have a worker exit with 0 in the midst of its calls when its primary is gone.
if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
process.exitCode = await runCli(process.argv.slice(2), stop);
// The channel to the primary would keep a worker alive that could not even begin.
if (cluster.worker?.isConnected()) process.disconnect();
