import { loadSettings } from '../config/load-settings.ts';
import type { Command } from './command.ts';
import { JSON_OPTION, printJson, wantsJson } from './output.ts';

export const migrate: Command = {
  name: 'migrate',
  summary:
    'Bring the schema of the store that DATABASE_URL names up to date, and say from which version to which.',
  options: { ...JSON_OPTION },
  details: () =>
    [
      'The service does it by itself when it starts, unless PRESIGND_AUTO_MIGRATE is false. Running it twice, or from two',
      'places at once, does no harm.',
    ].join('\n'),
  run: async (context) => {
    const { migrateKeyStore } = await import('../open-keys.ts');
    const { from, to } = await migrateKeyStore(loadSettings());
    if (wantsJson(context)) return printJson({ from, to });
    console.log(
      from === to
        ? `The schema has version ${to}, which is up to date.`
        : `The schema had version ${from} and now has ${to}.`,
    );
    return 0;
  },
};
