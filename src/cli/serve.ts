import cluster from 'node:cluster';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { environment, loadSettings, type SettingsWith } from '../config/load-settings.ts';
import { workerCount } from '../config/worker-settings.ts';
import type { CreatedKey } from '../keys/keys.ts';
import { asWithoutCluster } from '../workers/bind-error.ts';
import type { Peers, StopReason } from '../workers/peers.ts';
import { type Command, type CommandContext, readOption } from './command.ts';
import { settingsHelp } from './settings-help.ts';

type ServeSettings = SettingsWith<'bucket'>;

export const serve: Command = {
  options: {
    workers: {
      value: 'N|auto',
      doc: 'Processes that share the port, instead of PRESIGND_WORKERS. SIGHUP replaces them one after the other.',
    },
  },
  details: settingsHelp,
  run: async (context) => {
    const settings = loadSettings(environment(), ['bucket']);
    if (cluster.isWorker) return serveAsWorker(settings, context.stop);
    const count = countOf(context, settings);
    return count === 1 ? serveAlone(settings, context.stop) : superviseWorkers(settings, count, context.stop);
  },
};

function countOf(context: CommandContext, settings: ServeSettings): number {
  const asked = readOption(context, 'workers', 'a number from 1 to 256, or auto', countFrom);
  const count = asked ?? settings.workers;
  return count === 'auto' ? availableParallelism() : count;
}

function countFrom(text: string): number | 'auto' | undefined {
  try {
    return workerCount.read(text);
  } catch {
    return undefined;
  }
}

async function serveAlone(settings: ServeSettings, stop: AbortSignal): Promise<number> {
  const { openApp } = await import('../app.ts');
  await using app = await openApp({ settings, logFormat: logFormatOf(settings) });
  onReload(app.refuseReload);
  if (app.bootstrapped && settings.bootstrapKey === undefined) announceAdministrator(app.bootstrapped);
  if (!stop.aborted) await once(stop, 'abort');
  await app.stop();
  return 0;
}

async function superviseWorkers(settings: ServeSettings, count: number, stop: AbortSignal): Promise<number> {
  const { runWorkers } = await import('../open-workers.ts');
  return runWorkers({ settings, logFormat: logFormatOf(settings), count, stop, onReload });
}

async function serveAsWorker(settings: ServeSettings, stop: AbortSignal): Promise<number> {
  // Whoever signals the whole process group means the primary.
  process.on('SIGHUP', () => {});
  const { joinWorkers } = await import('../open-workers.ts');
  const peers = await joinWorkers();
  try {
    return await serveWithPeers(settings, peers, AbortSignal.any([stop, peers.stop]));
  } catch (error) {
    throw asWithoutCluster(error);
  } finally {
    await peers.leave();
  }
}

async function serveWithPeers(settings: ServeSettings, peers: Peers, stop: AbortSignal): Promise<number> {
  const { openApp } = await import('../app.ts');
  await using app = await openApp({ settings, logFormat: logFormatOf(settings), peers });
  if (app.bootstrapped && settings.bootstrapKey === undefined) announceAdministrator(app.bootstrapped);
  peers.ready({ host: app.address.address, port: app.address.port });
  if (!stop.aborted) await once(stop, 'abort');
  await app.stop({ replaced: stop.reason === ('replaced' satisfies StopReason) });
  return 0;
}

function logFormatOf({ logFormat }: ServeSettings): 'json' | 'pretty' {
  return logFormat === 'auto' ? (process.stdout.isTTY ? 'pretty' : 'json') : logFormat;
}

/** On a terminal SIGHUP says that the terminal is gone, which ends the program as it ends any other. */
function onReload(reload: () => void): void {
  if (!process.stdin.isTTY) process.on('SIGHUP', reload);
}

/** Not through the log, where a secret would be kept. */
function announceAdministrator({ key, token }: CreatedKey): void {
  console.error(`
The key store was empty, so an API key that may do everything was made: ${key.id}, for the owner ${key.owner}.
It is shown this once, and kept nowhere:

${token}

Make other keys with it (POST /v1/api-keys), or with \`presignd keys create\`.
`);
}
