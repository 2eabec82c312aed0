import { once } from 'node:events';
import { loadSettings, SettingsError } from '../config/load-settings.ts';
import type { Command } from './command.ts';
import { settingsHelp } from './help.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'Run the service, configured by environment variables.',
  options: {},
  details: settingsHelp,
  run: async ({ stop }) => {
    const settings = loadSettings();
    const { bucket, logFormat } = settings;
    if (bucket === undefined) {
      throw new SettingsError([
        'PRESIGND_BUCKET is not set: name the bucket that uploads go to (`presignd dev` brings its own)',
      ]);
    }
    const { openApp } = await import('../app.ts');
    await using app = await openApp({
      settings: { ...settings, bucket },
      logFormat: logFormat === 'auto' ? (process.stdout.isTTY ? 'pretty' : 'json') : logFormat,
    });
    if (!stop.aborted) await once(stop, 'abort');
    await app.stop();
    return 0;
  },
};
