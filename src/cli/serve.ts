import { once } from 'node:events';
import { environment, loadSettings } from '../config/load-settings.ts';
import type { Command } from './command.ts';
import { settingsHelp } from './help.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'Run the service, configured by environment variables.',
  options: {},
  details: settingsHelp,
  run: async ({ stop }) => {
    const settings = loadSettings(environment(), ['bucket']);
    const { logFormat } = settings;
    const { openApp } = await import('../app.ts');
    await using app = await openApp({
      settings,
      logFormat: logFormat === 'auto' ? (process.stdout.isTTY ? 'pretty' : 'json') : logFormat,
    });
    if (!stop.aborted) await once(stop, 'abort');
    await app.stop();
    return 0;
  },
};
