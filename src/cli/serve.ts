import { once } from 'node:events';
import { environment, loadSettings } from '../config/load-settings.ts';
import type { CreatedKey } from '../keys/keys.ts';
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
    if (app.bootstrapped && settings.bootstrapKey === undefined) announceAdministrator(app.bootstrapped);
    if (!stop.aborted) await once(stop, 'abort');
    await app.stop();
    return 0;
  },
};

/** Not through the log, where a secret would be kept. */
function announceAdministrator({ key, token }: CreatedKey): void {
  console.error(`
The key store was empty, so an API key that may do everything was made: ${key.id}, for the owner ${key.owner}.
It is shown this once, and kept nowhere:

${token}

Make other keys with it (POST /v1/api-keys), or with \`presignd keys create\`.
`);
}
