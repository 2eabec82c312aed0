// What comes from others: pinned, unchanged since it was chosen, running no code at its installation, and free to use.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const readJson = <T>(...path: string[]): T => JSON.parse(readFileSync(join(root, ...path), 'utf8'));
const manifest = readJson<Manifest>('package.json');
const lock = readJson<{ readonly packages: Readonly<Record<string, LockedPackage>> }>('package-lock.json');
const { '': lockedRoot, ...locked } = lock.packages;
const packages = Object.entries(locked).map(([path, entry]) => ({ path, ...entry }));
const atRunTime = packages.filter(({ dev, devOptional }) => !dev && !devOptional);
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Licences that ask for no more than being named. What needs another one is a decision. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** Scripts that run a program of another kind, which asks no Node for TypeScript. */
const NO_TYPESCRIPT = ['format', 'sbom'];

describe('the dependencies', () => {
  it('are pinned exactly, and the lock agrees', () => {
    const { dependencies, devDependencies } = manifest;
    const ranges = Object.entries({ ...dependencies, ...devDependencies });
    expect(ranges.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
    expect(lockedRoot).toMatchObject({ dependencies, devDependencies });
    for (const [name, version] of ranges) expect(locked[`node_modules/${name}`]?.version, name).toBe(version);
  });

  it('are each told by what they hold, whichever registry they come from', () => {
    expect(packages.length).toBeGreaterThan(100);
    expect(
      packages.filter(({ integrity }) => !integrity?.startsWith('sha512-')).map(({ path }) => path),
    ).toEqual([]);
    expect(packages.filter(({ resolved }) => resolved !== undefined).map(({ path }) => path)).toEqual([]);
  });

  /** Security property: no code of others runs when the service is installed. */
  it('run no script when they are installed, but for the pinned Node', () => {
    const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript);
    expect(atRunTime.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([]);
    const { allowScripts } = manifest;
    expect(scripted.map(({ path }) => nameOf(path)).sort()).toEqual(Object.keys(allowScripts).sort());
    expect(Object.keys(allowScripts).filter((name) => allowScripts[name])).toEqual(['node']);
  });

  it('are under licences that a service can be built on', () => {
    const licences = atRunTime.map(({ path, license }) => `${path}: ${license ?? oldLicenceOf(path)}`);
    expect(licences.length).toBeGreaterThan(50);
    expect(licences.filter((line) => !isAllowed(line.slice(line.indexOf(': ') + 2)))).toEqual([]);
    expect(['MIT OR GPL-3.0', '(ISC AND MIT)'].every(isAllowed)).toBe(true);
    expect(['GPL-3.0', 'MIT AND GPL-3.0', 'undefined', ''].some(isAllowed)).toBe(false);
  });
});

describe('the npm scripts', () => {
  it('bring a Node that is new enough', () => {
    const needed = Number(/^>=(\d+)$/.exec(manifest.engines.node)?.[1]);
    expect(Number.parseInt(manifest.devDependencies['node'] ?? '', 10)).toBeGreaterThanOrEqual(needed);
    expect(readFileSync(join(root, 'bin/required-node.js'), 'utf8')).toContain(`NEEDED_MAJOR = ${needed};`);
  });

  it('that run TypeScript look at the Node first', () => {
    const careless = Object.entries(manifest.scripts)
      .filter(([name]) => !NO_TYPESCRIPT.includes(name))
      .filter(
        ([, script]) => !/^node (?:--[\w=-]+ )?bin\/(?:presignd\.js\b|required-node\.js && )/.test(script),
      );
    expect(careless).toEqual([]);
  });
});

/** From before `license` was a text. */
function oldLicenceOf(path: string): string {
  const { licenses = [] } = readJson<{ licenses?: readonly { readonly type: string }[] }>(
    path,
    'package.json',
  );
  return licenses.map(({ type }) => type).join(' OR ');
}

/** An expression of SPDX, without parentheses inside it. */
function isAllowed(expression: string): boolean {
  const allowed = (name: string) => LICENCES.includes(name.trim());
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  return bare.includes(' OR ') ? bare.split(' OR ').some(allowed) : bare.split(' AND ').every(allowed);
}
