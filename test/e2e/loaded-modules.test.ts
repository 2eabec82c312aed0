// What a process loads it pays for, in time before it is ready and in memory.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadedModule, packagesOf, recordLoadedModules } from '../support/loaded-modules.ts';
import { openSandbox, type Sandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await openSandbox();
});
afterEach(() => sandbox[Symbol.asyncDispose]());

async function loadedBy(...args: string[]): Promise<readonly LoadedModule[]> {
  const { env, loaded } = recordLoadedModules(sandbox.folder);
  expect(await sandbox.run(args, env)).toMatchObject({ code: 0 });
  return loaded();
}

async function loadedByService(command: 'serve' | 'dev'): Promise<readonly LoadedModule[]> {
  const { env, loaded } = recordLoadedModules(sandbox.folder);
  const program = await sandbox.start(command, { ...UNREACHABLE_S3, ...env });
  await program.stop();
  return loaded();
}

describe('a command', () => {
  it('loads no package and no settings to print the overview', async () => {
    const modules = await loadedBy('--help');
    expect(packagesOf(modules)).toEqual([]);
    expect(modules.filter(({ url }) => url.endsWith('/config/settings.ts'))).toEqual([]);
  });

  it('loads neither the AWS SDK nor another database nor Redis to list the keys in SQLite', async () => {
    await sandbox.createKey();
    expect(packagesOf(await loadedBy('keys', 'list'))).toEqual([
      '@bufbuild/protobuf',
      '@bufbuild/protovalidate',
      'lru-cache',
    ]);
  });
});

describe('the service', () => {
  it('loads nothing for what is not configured: Postgres, Redis, exports, people who read its log', async () => {
    const packages = packagesOf(await loadedByService('serve'));
    expect(packages).toEqual(expect.arrayContaining(['@aws-sdk/client-s3', 'pino']));
    const unused = /^(pg|ioredis|pino-pretty|busboy|@opentelemetry\/(?!api$).*|@aws-sdk\/client-sts)$/;
    expect(packages.filter((name) => unused.test(name))).toEqual([]);
  });

  it.each(['serve', 'dev'] as const)(
    'has each module of %s once, and as its package says what it is',
    async (command) => {
      const modules = await loadedByService(command);
      expect(modules.length).toBeGreaterThan(300);
      expect(new Set(modules.map(({ url }) => url)).size).toBe(modules.length);
      expect(
        modules.filter(({ url }) => url !== pathToFileURL(realpathSync(fileURLToPath(url))).href),
      ).toEqual([]);
      const imported = modules.filter(({ format }) => format !== undefined);
      expect(imported.filter(({ url, format }) => format !== formatOf(fileURLToPath(url)))).toEqual([]);
    },
  );
});

/** Node's own rules: the extension, and for `.js` the nearest package.json. */
function formatOf(path: string): string {
  if (path.endsWith('.json')) return 'json';
  if (path.endsWith('.mjs')) return 'module';
  if (path.endsWith('.cjs')) return 'commonjs';
  const isModule = packageOf(dirname(path)).type === 'module';
  if (path.endsWith('.ts')) return isModule ? 'module-typescript' : 'commonjs-typescript';
  return isModule ? 'module' : 'commonjs';
}

function packageOf(folder: string): { readonly type?: string } {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : packageOf(dirname(folder));
}
