import { loadSettings } from '../config/load-settings.ts';
import { type Command, isOn } from './command.ts';
import { JSON_OPTION, printJson, wantsJson } from './output.ts';

export const migrate: Command = {
  options: {
    check: { doc: 'Change nothing: say what would be done, and whether what runs on the store may go on.' },
    ...JSON_OPTION,
  },
  details: () =>
    [
      'The service does it by itself when it starts, unless PRESIGND_AUTO_MIGRATE is false. Running it twice, or from two',
      'places at once, does no harm.',
    ].join('\n'),
  run: async (context) => {
    const { migrateKeyStore, planKeyStoreMigration } = await import('../open-keys.ts');
    if (isOn(context, 'check')) {
      const plan = await planKeyStoreMigration(loadSettings());
      if (wantsJson(context)) return printJson(plan);
      console.log(plan.from === plan.to ? upToDate(plan.to) : outlook(plan));
      return 0;
    }
    const { from, to } = await migrateKeyStore(loadSettings());
    if (wantsJson(context)) return printJson({ from, to });
    console.log(from === to ? upToDate(to) : `The schema had version ${from} and now has ${to}.`);
    return 0;
  },
};

function upToDate(version: number): string {
  return `The schema has version ${version}, which is up to date.`;
}

function outlook(plan: { readonly from: number; readonly to: number; readonly rolling: boolean }): string {
  const { from, to, rolling } = plan;
  if (from === 0) return `There is no schema yet; this presignd makes version ${to}.`;
  return rolling
    ? `The schema has version ${from}; this presignd brings it to ${to}. What runs on it may go on.`
    : `The schema has version ${from}; this presignd brings it to ${to}. Stop what runs on it first.`;
}
