import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

export interface SourceFile {
  /** Path below the repository, such as `src/keys/token.ts`. */
  readonly path: string;
  /** The folder below `src` or `test`, or the file's own name where it lies in none, such as `main.ts`. */
  readonly room: string;
  /** The source without comments and without the text of its strings' lines that are imports. */
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

export interface Import {
  /** A path below the repository, or a package or `node:` name. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:([\w*{}\s,$]+?)\s+from\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every TypeScript file below a folder of the repository. */
export function readSources(root: string, folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readSource(root, normalize(join(folder, path))));
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const [, room = ''] = path.split('/');
  const code = withoutComments(text);
  return { path, room, code, lines: text.split('\n').length - 1, imports: importsOf(root, path, code) };
}

function importsOf(root: string, path: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const specifier = match[4] ?? match[5] ?? '';
    const target = specifier.startsWith('.')
      ? relative(root, normalize(join(root, dirname(path), specifier)))
      : specifier;
    return { target, typeOnly: match[2] !== undefined || onlyTypes(match[3]) };
  });
}

/** True for `import { type A, type B }`, which leaves nothing at run time worth a cycle. */
function onlyTypes(clause: string | undefined): boolean {
  const names = clause?.match(/^\{([\s\S]*)\}$/)?.[1];
  return names?.split(',').every((name) => name.trim() === '' || /^\s*type\s/.test(name)) === true;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}
