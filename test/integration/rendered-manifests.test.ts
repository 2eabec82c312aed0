// What the tools make of deploy/, where they are there.
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeUnless } from '../support/available.ts';
import { type Manifest, only, readManifests } from '../support/manifests.ts';
import { expectSoundDeployment, expectSoundMigration } from '../support/sound-deployment.ts';
import { missingTool, runTool } from '../support/tool.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const CHART = join(DEPLOY, 'helm/presignd');

async function render(program: string, ...args: readonly string[]): Promise<Manifest[]> {
  const { code, stdout, stderr } = await runTool(program, args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return readManifests(stdout);
}

const helm = (...args: readonly string[]) =>
  render('helm', 'template', 'up', CHART, '--kube-version', '1.32.0', ...args);

describeUnless(await missingTool('kubectl', ['kustomize', '--help']), 'kustomize', () => {
  it('renders a sound deployment, and a Job that migrates', async () => {
    const manifests = await render('kubectl', 'kustomize', join(DEPLOY, 'kubernetes'));
    expectSoundDeployment(manifests);
    const migration = await render('kubectl', 'kustomize', join(DEPLOY, 'kubernetes/migrate'));
    expectSoundMigration(only('Job', migration), only('Service', manifests));
  });
});

describeUnless(await missingTool('helm', ['version']), 'the Helm chart', () => {
  let manifests: Manifest[];
  beforeAll(async () => {
    manifests = await helm();
  });

  it('renders a sound deployment, and a hook that migrates before it', () => {
    expectSoundDeployment(manifests);
    const job = only('Job', manifests);
    expectSoundMigration(job, only('Service', manifests));
    expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
  });

  it('gives a stop the time that its values take', async () => {
    const slow = await helm('--set', 'shutdown.delaySeconds=60', '--set', 'shutdown.graceSeconds=300');
    expectSoundDeployment(slow);
    expect(only('Deployment', slow).spec.template.spec.terminationGracePeriodSeconds).toBe(370);
  });

  it('names an image by its digest where there is one', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const pinned = await helm('--set', `image.digest=${digest}`, '--set-string', 'image.tag=7');
    for (const kind of ['Deployment', 'Job']) {
      const [{ image }] = only(kind, pinned).spec.template.spec.containers;
      expect(image).toBe(`registry.example.com/presignd@${digest}`);
    }
  });

  it('leaves out what is turned off', async () => {
    const off = ['autoscaling', 'podDisruptionBudget', 'networkPolicy', 'migrate'];
    const kinds = (await helm(...off.flatMap((name) => ['--set', `${name}.enabled=false`]))).map(
      ({ kind }) => kind,
    );
    expect(kinds.sort()).toEqual(['ConfigMap', 'Deployment', 'Service', 'ServiceAccount']);
  });

  it('refuses values that its schema does not take', async () => {
    const { code, stderr } = await runTool('helm', ['template', CHART, '--set', 'replicaCount=2']);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('replicaCount') });
  });
});

describeUnless(await missingTool('docker', ['compose', 'version']), 'Docker Compose', () => {
  it('takes compose.yaml', async () => {
    const file = join(DEPLOY, '../compose.yaml');
    const { code, stderr } = await runTool('docker', ['compose', '--file', file, 'config', '--quiet']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
