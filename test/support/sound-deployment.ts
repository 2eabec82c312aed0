// The rules of a deployment to Kubernetes, for the manifests as they lie in deploy/ and for what tools render.
import { expect } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import { createHealthRoutes } from '../../src/edge/health-routes.ts';
import { createHealth } from '../../src/telemetry/health.ts';
import { deployedSettings } from './deployed-settings.ts';
import { type Container, type Manifest, only, type PodSpec } from './manifests.ts';

/** What may go wrong between the last call and the exit, beside what the settings say. */
const EXIT_SECONDS = 5;

/** The settings that belong into files: secrets, and URLs that may hold one. */
const SECRET_NAMES = Object.values(SETTINGS)
  .filter(({ type }) => /secret|`(?:postgres|redis):/.test(type.label))
  .map(({ name }) => name);

/** Expects all of what follows. */
export function expectSoundDeployment(manifests: readonly Manifest[]): void {
  expect(SECRET_NAMES).toEqual(expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'PRESIGND_KEY_PEPPERS']));
  const { spec, metadata } = only('Deployment', manifests);
  const pod = spec.template.spec;
  expectRestricted(pod);
  expectSettings(pod, only('ConfigMap', manifests));
  expectProbes(pod.containers[0]);
  const { labels } = spec.template.metadata;
  const selectors = [
    spec.selector.matchLabels,
    only('PodDisruptionBudget', manifests).spec.selector.matchLabels,
    only('NetworkPolicy', manifests).spec.podSelector.matchLabels,
    only('Service', manifests).spec.selector,
  ];
  for (const selector of selectors) {
    expect(Object.keys(selector).length).toBeGreaterThan(0);
    expect(labels).toMatchObject(selector);
  }
  const scaled = only('HorizontalPodAutoscaler', manifests).spec.scaleTargetRef;
  expect(scaled).toMatchObject({ kind: 'Deployment', name: metadata.name });
  expect(only('Service', manifests).spec.ports).toEqual([
    expect.objectContaining({ targetPort: 'http', appProtocol: 'kubernetes.io/h2c' }),
  ]);
}

/** Expects a Job that brings the schema up to date, and that the service would not be reached at. */
export function expectSoundMigration(job: Manifest, service: Manifest): void {
  const pod = job.spec.template.spec;
  expectRestricted(pod);
  expect(pod.containers[0].args).toEqual(['migrate']);
  expect(environmentOf(pod)).toEqual({ DATABASE_URL_FILE: '/etc/presignd/database-url' });
  expect(job.spec.template.metadata.labels).not.toMatchObject(service.spec.selector);
}

/** Kubernetes' own profile "restricted", a read-only root, and an image that cannot change by itself. */
function expectRestricted(pod: PodSpec): void {
  const [container] = pod.containers;
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(container.image).toMatch(/^[\w./-]+(?::(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/);
  expect(Object.keys(container.resources.limits)).toEqual(['memory']);
}

function expectSettings(pod: PodSpec, { data = {} }: Manifest): void {
  const env = { ...data, ...environmentOf(pod) };
  const settings = deployedSettings(env);
  expect(settings.databaseUrl).toBeDefined();
  expect(settings.autoMigrate).toBe(false);
  expect(SECRET_NAMES.filter((name) => name in env)).toEqual([]);
  const { shutdownDelayMs, shutdownGraceMs } = settings;
  const stopSeconds = (shutdownDelayMs + shutdownGraceMs) / 1000 + EXIT_SECONDS;
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(stopSeconds);
  const { readinessProbe, ports } = pod.containers[0];
  expect(shutdownDelayMs).toBeGreaterThanOrEqual(2 * 1000 * (readinessProbe?.periodSeconds ?? 0));
  expect(ports).toEqual([{ name: 'http', containerPort: settings.port }]);
}

function expectProbes({ startupProbe, livenessProbe, readinessProbe }: Container): void {
  const health = createHealth({ version: '0', dependencies: {}, clock: () => 0 });
  const routes = createHealthRoutes({ health, refuse: () => {}, clock: () => 0 });
  const probes = { startupProbe, livenessProbe, readinessProbe };
  const paths = Object.entries(probes).map(([name, probe]) => [name, probe?.httpGet.path]);
  // Only readiness may depend on others: a restart brings none of them back.
  expect(Object.fromEntries(paths)).toEqual({
    startupProbe: '/livez',
    livenessProbe: '/livez',
    readinessProbe: '/readyz',
  });
  for (const probe of Object.values(probes)) {
    expect(probe?.httpGet.port).toBe('http');
    expect(routes.match(probe?.httpGet.path ?? '')).toBeDefined();
  }
}

/** The variables of the container. Every file that one names lies in something that is mounted. */
function environmentOf({ containers, volumes }: PodSpec): Record<string, string> {
  const { env, volumeMounts } = containers[0];
  for (const { name, value } of env.filter((variable) => variable.name.endsWith('_FILE'))) {
    const mount = volumeMounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`));
    expect(
      volumes.map((volume) => volume.name),
      name,
    ).toContain(mount?.name);
  }
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}
