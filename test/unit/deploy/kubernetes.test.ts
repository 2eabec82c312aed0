import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/config/settings.ts';
import { type Manifest, only, parseYaml, readManifests } from '../../support/manifests.ts';
import { expectSoundDeployment, expectSoundMigration } from '../../support/sound-deployment.ts';

const DEPLOY = join(import.meta.dirname, '../../../deploy');
const KUSTOMIZATION = 'kustomization.yaml';

interface Kustomization {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly literals: readonly string[] }[];
}

const read = (...path: string[]) => readFileSync(join(DEPLOY, ...path), 'utf8');
const readOne = <T>(...path: string[]) => parseYaml(read(...path))[0] as T;

/** What `kubectl kustomize` makes of the folder, as far as it matters here. */
function manifestsOf(folder: string): Manifest[] {
  const { resources, images, configMapGenerator = [] } = readOne<Kustomization>(folder, KUSTOMIZATION);
  const [image] = images;
  const generated = configMapGenerator.map(({ name, literals }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: Object.fromEntries(literals.map((literal) => literal.split('='))),
  }));
  const texts = resources.map((name) =>
    read(folder, name).replaceAll(`image: ${image?.name}\n`, `image: ${image?.newName}:${image?.newTag}\n`),
  );
  return [...texts, ...generated.map((manifest) => JSON.stringify(manifest))].flatMap(readManifests);
}

describe('the manifests for Kubernetes', () => {
  const manifests = manifestsOf('kubernetes');

  it('are all listed', () => {
    for (const folder of ['kubernetes', 'kubernetes/migrate']) {
      const files = readdirSync(join(DEPLOY, folder)).filter((name) => name.endsWith('.yaml'));
      const { resources } = readOne<Kustomization>(folder, KUSTOMIZATION);
      expect(files.filter((name) => name !== KUSTOMIZATION)).toEqual([...resources].sort());
    }
  });

  it('deploy what starts with its settings, is probed where it answers, stops in time and has no rights', () => {
    expectSoundDeployment(manifests);
  });

  it('migrate by a Job of the same image', () => {
    const job = only('Job', manifestsOf('kubernetes/migrate'));
    expectSoundMigration(job, only('Service', manifests));
    const [image] = job.spec.template.spec.containers;
    expect(image.image).toBe(only('Deployment', manifests).spec.template.spec.containers[0].image);
  });

  it.each([
    ['a field that does not exist', 'spec: { maxUnavailble: 1 }', 'maxUnavailble'],
    ['a value of the wrong kind', 'spec: { maxUnavailable: [1] }', 'maxUnavailable'],
    ['a key that is there twice', 'spec: {}\nspec: {}', 'unique'],
  ])('are refused with %s', (_, spec, problem) => {
    const text = `apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: a }\n${spec}`;
    expect(() => readManifests(text)).toThrow(problem);
  });
});

describe('the Helm chart', () => {
  const values = readOne<{
    readonly settings: Readonly<Record<string, string>>;
    readonly secrets: { readonly files: Readonly<Record<string, string>> };
  }>('helm/presignd', 'values.yaml');
  const validate = new Ajv({ allErrors: true }).compile(
    JSON.parse(read('helm/presignd', 'values.schema.json')),
  );

  it('has values that its schema takes, of settings that exist', () => {
    expect(validate(values), JSON.stringify(validate.errors)).toBe(true);
    const known: readonly string[] = Object.values(SETTINGS).map(({ name }) => name);
    const named = [...Object.keys(values.settings), ...Object.keys(values.secrets.files)];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  /** Security property: a ConfigMap is no place for a secret, and what the chart decides is not decided twice. */
  it.each([
    ['PRESIGND_KEY_PEPPERS', 'a secret'],
    ['PRESIGND_SHUTDOWN_DELAY', '10s'],
    ['DATABASE_URL', 'postgres://user:secret@host/database'],
  ])('takes no %s among its settings', (name, value) => {
    expect(validate({ ...values, settings: { ...values.settings, [name]: value } })).toBe(false);
  });

  it('takes no value that it does not know', () => {
    expect(validate({ ...values, replicaCount: 2 })).toBe(false);
  });

  it('deploys the version that the program has', () => {
    const { version } = JSON.parse(readFileSync(join(DEPLOY, '../package.json'), 'utf8'));
    expect(readOne('helm/presignd', 'Chart.yaml')).toMatchObject({ version, appVersion: version });
    const { images } = readOne<Kustomization>('kubernetes', KUSTOMIZATION);
    expect(images[0]?.newTag).toBe(version);
  });
});
