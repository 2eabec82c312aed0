// Which modules a run of the program has loaded: a preloaded hook writes them down at the end.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface LoadedModule {
  readonly url: string;
  /** Undefined for what `require` has loaded. */
  readonly format?: string;
}

const FILE_VARIABLE = 'LOADED_MODULES_FILE';

const RECORDER = `
import { registerHooks } from 'node:module';
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const loaded = [];
registerHooks({
  load(url, context, nextLoad) {
    const result = nextLoad(url, context);
    loaded.push({ url, format: result.format });
    return result;
  },
});
process.on('exit', () => {
  if (isMainThread) writeFileSync(process.env.${FILE_VARIABLE}, JSON.stringify(loaded));
});`;

/** What to add to the environment of a run in the folder, and what that has loaded once it has ended. */
export function recordLoadedModules(folder: string) {
  const file = join(folder, 'loaded-modules.json');
  return {
    env: {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(RECORDER)}`,
      [FILE_VARIABLE]: file,
    },
    loaded: async (): Promise<readonly LoadedModule[]> =>
      JSON.parse(await readFile(file, 'utf8')).filter(({ url }: LoadedModule) => url.startsWith('file:')),
  };
}

/** The packages among them, by name. */
export function packagesOf(modules: readonly LoadedModule[]): string[] {
  const names = modules.flatMap(({ url }) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return [...new Set(names)].sort();
}
