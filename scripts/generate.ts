// Rewrites what is made from other files: code from the contracts, and pages of docs/ from tables in the code.
// With `--check` it writes nothing and fails when something is stale.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatedPages } from './generated-pages.ts';
import { root, run } from './run.ts';

/** Where buf's template for a contract lies, and where it puts the code: ours, and that of the conformance runner. */
const CONTRACTS = [
  { template: 'buf.gen.yaml', code: 'gen' },
  { template: 'test/conformance/buf.gen.yaml', code: 'test/conformance/gen' },
] as const;

function generateCode(outDir: string): void {
  for (const { template } of CONTRACTS) {
    const { ok, output } = run('buf', ['generate', '--template', template, '--output', outDir]);
    if (!ok) throw new Error(`buf generate failed:\n${output}`);
  }
}

function filesBelow(dir: string): Map<string, string> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8', withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(dir.length + 1), readFileSync(path, 'utf8')]),
  );
}

function stalePaths(): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'presignd-gen-'));
  try {
    generateCode(dir);
    const code = CONTRACTS.flatMap((contract) => {
      const fresh = filesBelow(join(dir, contract.code));
      const kept = filesBelow(join(root, contract.code));
      const paths = new Set([...fresh.keys(), ...kept.keys()]);
      return [...paths]
        .filter((path) => fresh.get(path) !== kept.get(path))
        .map((path) => `${contract.code}/${path}`);
    });
    const pages = [...generatedPages()].filter(([path, content]) => readIfThere(path) !== content);
    return [...code, ...pages.map(([path]) => path)];
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv.includes('--check')) {
  const stale = stalePaths();
  if (stale.length > 0) {
    console.error(`Stale, run \`npm run generate\`:\n${stale.map((path) => `  ${path}`).join('\n')}`);
    process.exitCode = 1;
  }
} else {
  generateCode(root);
  for (const [path, content] of generatedPages()) writeFileSync(join(root, path), content);
}
