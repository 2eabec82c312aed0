// Joins what the doctor needs of all rooms: it examines everything at once, and tells in a stable order.
import { randomUUID } from 'node:crypto';
import { type DestinationSettings, destinationsFrom, type UploadSettings } from './config/destinations.ts';
import type { Settings } from './config/settings.ts';
import { SettingsError } from './config/settings-error.ts';
import { checkIds } from './doctor/checks.ts';
import { type Examination, examineDestination } from './doctor/examine-destination.ts';
import { completed, type Finding, problem, skipped } from './doctor/finding.ts';
import { createHttpProbe } from './doctor/http-probe.ts';
import { judgeRedis } from './doctor/judge-redis.ts';
import { judgeSettings, type OwnCertificates } from './doctor/judge-settings.ts';
import { judgeStore } from './doctor/judge-store.ts';
import { PROBE_LIMITS, within } from './doctor/limits.ts';
import type { Change } from './doctor/mend-bucket.ts';
import { mendDestination } from './doctor/mend-destination.ts';
import { createCertificateProbe } from './doctor/probe-certificate.ts';
import { probeRedis } from './doctor/probe-redis.ts';
import { REDIS_CHECKS, SETTINGS_CHECKS, STORE_CHECKS } from './doctor/service-checks.ts';
import { createClientAddress } from './edge/client-address.ts';
import { createCors } from './edge/cors.ts';
import { loadPeppers } from './keys/peppers.ts';
import { uploadPolicyOf } from './open-destinations.ts';
import { loadTls } from './open-tls.ts';
import { openSealed } from './open-uploads.ts';
import { createKeyLimits } from './quota/key-limits.ts';
import { inspectStore } from './store/inspect-store.ts';
import { clock, random } from './system.ts';

/** What was found about one thing. */
export interface Report {
  /** `settings`, `destination NAME`, `redis` or `store`. */
  readonly subject: string;
  readonly findings: readonly Finding[];
}

export interface DoctorOptions {
  readonly origins: readonly string[];
  readonly write: boolean;
}

/** What a destination is called in a report. */
function subjectOf({ name }: DestinationSettings): string {
  return `destination ${name}`;
}

/** Takes seconds at the most, whatever hangs. Never rejects for what it finds. */
export async function examineService(
  settings: UploadSettings,
  specs: readonly DestinationSettings[],
  options: DoctorOptions,
): Promise<readonly Report[]> {
  const examination = examinationFor(settings, options);
  const examiningRedis = examineRedis(settings);
  const certificates = certificatesOf(settings);
  const [refusals, redis, store, ...destinations] = await Promise.all([
    refusalsOf(settings),
    examiningRedis.then(({ findings }) => findings),
    examiningRedis.then(({ instances }) => examineStore(settings, instances)),
    ...specs.map((spec) => examineDestination(spec, examination)),
  ]);
  const judged = judgeSettings(settings, refusals, certificates, clock.wallMs());
  const findings = completed(SETTINGS_CHECKS, judged, 'not before `settings` is well');
  return [
    { subject: 'settings', findings },
    ...specs.map((spec, index) => ({ subject: subjectOf(spec), findings: destinations[index] ?? [] })),
    { subject: 'redis', findings: redis },
    { subject: 'store', findings: store },
  ];
}

/** Adds to each bucket the rules that it was found to lack. */
export async function mendService(
  settings: UploadSettings,
  specs: readonly DestinationSettings[],
  reports: readonly Report[],
  options: DoctorOptions,
): Promise<readonly (Change & { readonly subject: string })[]> {
  const examination = examinationFor(settings, options);
  const changes = await Promise.all(
    specs.map(async (spec) => {
      const subject = subjectOf(spec);
      const findings = reports.find((report) => report.subject === subject)?.findings ?? [];
      const made = await mendDestination(spec, findings, examination).catch(() => []);
      return made.map((change) => ({ subject, ...change }));
    }),
  );
  return changes.flat();
}

/** The findings of settings that cannot even be read. */
export function refusedSettings({ problems }: SettingsError): readonly Report[] {
  const because = 'not before `settings` is well';
  const finding = problem('settings', problems.join('\n'), 'presignd serve --help shows all settings');
  return [{ subject: 'settings', findings: completed(SETTINGS_CHECKS, [finding], because) }];
}

function examinationFor({ uploadTtlMs }: Settings, { origins, write }: DoctorOptions): Examination {
  return {
    origins,
    write,
    uploadTtlMs,
    probe: createHttpProbe(PROBE_LIMITS.httpMs, clock),
    probeCertificate: createCertificateProbe(PROBE_LIMITS.httpMs),
    wallClockMs: clock.wallMs,
    id: randomUUID(),
  };
}

/** What the service would not start with, found as the service finds it: by opening what takes the settings. */
async function refusalsOf(settings: UploadSettings): Promise<readonly string[]> {
  // A store of its own, as this asks no other.
  const store = { secretOnce: async (_name: string, candidate: Buffer) => candidate };
  const openings: readonly (() => unknown)[] = [
    () => createCors(settings.corsOrigins),
    () => createClientAddress(settings.trustedProxies),
    () => loadTls(settings),
    ...destinationsFrom(settings).map((spec) => () => uploadPolicyOf(spec)),
    () =>
      createKeyLimits({
        plans: settings.ratePlans,
        defaultPlan: settings.defaultRatePlan,
        onUnknownPlan: () => {},
      }),
    async () => {
      const peppers = await loadPeppers({
        store,
        configured: settings.keyPeppers,
        randomBytes: random.bytes,
      });
      openSealed(settings, { peppers });
    },
  ];
  const refusals = await Promise.all(
    openings.map(async (open) => {
      try {
        await open();
        return [];
      } catch (error) {
        if (error instanceof SettingsError) return error.problems;
        return [error instanceof Error ? error.message : String(error)];
      }
    }),
  );
  return refusals.flat();
}

/** Undefined where the service cannot use them, which `refusalsOf` tells. */
function certificatesOf(settings: Settings): OwnCertificates | undefined {
  try {
    return loadTls(settings)?.material ?? { chain: [], clientRoots: [], clientCrls: [] };
  } catch {
    return undefined;
  }
}

async function examineRedis({
  redisUrl,
}: Settings): Promise<{ readonly findings: readonly Finding[]; readonly instances: number }> {
  if (redisUrl === undefined) {
    const because = 'not applicable: REDIS_URL is not set, so every instance caches and counts by itself';
    return { findings: checkIds(REDIS_CHECKS).map((id) => skipped(id, because)), instances: 0 };
  }
  const url = redisUrl.reveal();
  if (!URL.canParse(url)) {
    const finding = problem('redis', 'REDIS_URL is not a URL', 'REDIS_URL=redis://USER:PASSWORD@HOST:PORT');
    return { findings: completed(REDIS_CHECKS, [finding], 'not before `redis` is well'), instances: 0 };
  }
  const seen = await probeRedis(url, clock.monotonicMs);
  const findings = completed(REDIS_CHECKS, judgeRedis(new URL(url), seen), 'not before `redis` is well');
  return { findings, instances: 'failure' in seen ? 0 : seen.instances };
}

async function examineStore(settings: Settings, instances: number): Promise<readonly Finding[]> {
  const askedAtMs = clock.monotonicMs();
  const seen = await within(
    PROBE_LIMITS.storeMs,
    inspectStore(settings.databaseUrl.reveal(), PROBE_LIMITS.storeMs),
  ).then(
    (inspection) => ({ inspection, latencyMs: clock.monotonicMs() - askedAtMs }),
    (error: unknown) => ({ failure: error instanceof Error ? error.message : String(error) }),
  );
  return completed(STORE_CHECKS, judgeStore(seen, { ...settings, instances }), 'not before `store` is well');
}
