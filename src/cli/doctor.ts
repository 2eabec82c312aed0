import { type DestinationSettings, destinationsFrom, type UploadSettings } from '../config/destinations.ts';
import { environment, loadSettings } from '../config/load-settings.ts';
import { nearestNames } from '../config/nearest-names.ts';
import { SettingsError } from '../config/settings-error.ts';
import { CHECKS, type CheckId, isCheckId } from '../doctor/checks.ts';
import { CORS_FORMS, type CorsForm, corsFormOf, corsRule, corsText } from '../doctor/cors-rule.ts';
import { exitCodeOf, without } from '../doctor/finding.ts';
import type { Report } from '../open-doctor.ts';
import { PROVIDER_CAPABILITIES, type Provider } from '../uploads/providers.ts';
import { type Command, type CommandContext, isOn, listOption, readOption, UsageError } from './command.ts';
import { examplesHelp } from './connection.ts';
import { chosenDestinations } from './destination-option.ts';
import { changeText, reportJson, reportText } from './doctor-report.ts';
import { JSON_OPTION, printJson, wantsJson } from './output.ts';

/** Whose rules each form is for, where no settings say whose S3 it is. */
const PROVIDER_OF_FORM: Readonly<Record<CorsForm, Provider>> = { aws: 'aws', r2: 'r2', minio: 'minio' };

export const doctor: Command = {
  options: {
    destination: { value: 'NAME', doc: 'Only this destination. [all]' },
    origin: {
      value: 'ORIGINS',
      doc: 'Origins of pages that upload, separated by commas, such as https://app.example.com. [PRESIGND_CORS_ORIGINS]',
    },
    write: {
      doc: 'Also upload a few bytes as a client would, try what must be refused, and delete it all again.',
    },
    fix: { doc: 'Add the CORS and lifecycle rules that a bucket lacks to those that it has.' },
    ignore: { value: 'CHECKS', doc: 'Checks, separated by commas, whose findings do not count.' },
    'print-cors': { doc: 'Print the CORS rule for a bucket instead, and ask nobody.' },
    form: { value: 'FORM', doc: `Its form: ${CORS_FORMS.join(', ')}. [that of the destination's provider]` },
    ...JSON_OPTION,
  },
  details: () =>
    [
      'It needs the settings and credentials of `presignd serve`, asks from this machine, and changes nothing without',
      '--write or --fix. Whatever hangs is given up within seconds. docs/doctor.md lists the checks.',
      '',
      'Exit codes: 0 all is well, 1 there are warnings, 2 there are problems.',
      ...examplesHelp(
        'doctor --write',
        'doctor --origin https://app.example.com --fix',
        'doctor --print-cors --origin https://app.example.com > cors.json',
      ),
    ].join('\n'),
  run: async (context) => {
    const ignored = ignoredChecks(context);
    const origins = listOption(context, 'origin')?.map(checkedOrigin);
    const loaded = load();
    if (isOn(context, 'print-cors')) return printCors(context, origins, loaded);
    const { examineService, mendService, refusedSettings } = await import('../open-doctor.ts');
    if (loaded instanceof SettingsError) return report(context, refusedSettings(loaded), [], undefined);
    const { settings } = loaded;
    const specs = chosenDestinations(context, loaded.specs);
    const options = { origins: origins ?? settings.corsOrigins, write: isOn(context, 'write') };
    const examine = () => examineService(settings, specs, options);
    const reports = await examine();
    if (!isOn(context, 'fix')) return report(context, reports, ignored, undefined);
    const changes = await mendService(settings, specs, reports, options);
    if (!wantsJson(context)) for (const change of changes) console.error(changeText(change));
    return report(context, changes.some(({ made }) => made) ? await examine() : reports, ignored, changes);
  },
};

interface Loaded {
  readonly settings: UploadSettings;
  readonly specs: readonly DestinationSettings[];
}

/** What is wrong with the settings is a finding, too. */
function load(): Loaded | SettingsError {
  try {
    const settings = loadSettings(environment(), ['bucket']);
    return { settings, specs: destinationsFrom(settings) };
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
}

function report(
  context: CommandContext,
  found: readonly Report[],
  ignored: readonly CheckId[],
  changes: Parameters<typeof reportJson>[1],
): number {
  const reports = found.map(({ subject, findings }) => ({ subject, findings: without(findings, ignored) }));
  if (wantsJson(context)) printJson(reportJson(reports, changes));
  else console.log(reportText(reports));
  return exitCodeOf(reports.flatMap(({ findings }) => findings));
}

function printCors(
  context: CommandContext,
  asked: readonly string[] | undefined,
  loaded: Loaded | SettingsError,
): number {
  const spec = loaded instanceof SettingsError ? undefined : chosenDestinations(context, loaded.specs)[0];
  const known = loaded instanceof SettingsError ? [] : loaded.settings.corsOrigins;
  const origins = asked ?? known;
  if (origins.length === 0) throw new UsageError('Name the origins of your pages with --origin.');
  const form =
    readOption(context, 'form', `one of ${CORS_FORMS.join(', ')}`, (text) =>
      CORS_FORMS.find((name) => name === text),
    ) ?? corsFormOf({ provider: spec?.provider ?? 'aws' });
  const provider = spec !== undefined && corsFormOf(spec) === form ? spec.provider : PROVIDER_OF_FORM[form];
  console.log(corsText(corsRule(origins, PROVIDER_CAPABILITIES[provider], spec?.allowedAcls ?? []), form));
  return 0;
}

function checkedOrigin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.origin === text) return text;
  throw new UsageError(`--origin must be such as https://app.example.com, without a path, not "${text}".`);
}

function ignoredChecks(context: CommandContext): readonly CheckId[] {
  return (listOption(context, 'ignore') ?? []).map((text) => {
    if (isCheckId(text)) return text;
    const near = nearestNames(text, Object.keys(CHECKS));
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ' docs/doctor.md lists them.';
    throw new UsageError(`--ignore: there is no check "${text}".${hint}`);
  });
}
