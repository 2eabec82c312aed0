import { resolve } from 'node:path';
import { loadSettings } from '../config/load-settings.ts';
import { type Command, UsageError } from './command.ts';
import { JSON_OPTION, printJson, wantsJson } from './output.ts';

export const backup: Command = {
  positional: 'FILE',
  options: { ...JSON_OPTION },
  details: () =>
    [
      'The copy is whole, and as private as the store: it holds the pepper that tags API keys. docs/operations.md tells how',
      'to restore it. On Postgres, pg_dump does this.',
    ].join('\n'),
  run: async (context) => {
    const [file, ...others] = context.positionals;
    if (file === undefined || others.length > 0)
      throw new UsageError('Name one file, which is not there yet.');
    const { backupKeyStore } = await import('../open-keys.ts');
    await backupKeyStore(loadSettings(), file);
    if (wantsJson(context)) return printJson({ file: resolve(file) });
    console.log(`The key store was copied to ${resolve(file)}.`);
    return 0;
  },
};
