// The page about API keys, as somebody who pastes it: every shell block, with `presignd dev` running beside it.
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeUnless } from '../support/available.ts';
import { openDevService, type Service } from '../support/service.ts';
import { missingTool, runTool } from '../support/tool.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = await readFile(join(ROOT, 'docs/api-keys.md'), 'utf8');
const blocks = [...page.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].map(([, , block = ''], index) => ({
  block,
  title: `${index + 1}, ${block.trim().slice(0, 60)}…`,
}));
const missing = await missingTool('bash', ['-c', 'curl --version && npm --version && openssl version']);

describeUnless(missing, 'docs/api-keys.md', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openDevService();
    const { folder } = service.sandbox;
    // The folder stands in for the repository, whose own `.presignd` belongs to whoever works there.
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const scripts = { presignd: `node ${join(ROOT, 'bin/presignd.js')}` };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts }));
  });
  afterAll(() => service?.[Symbol.asyncDispose]());

  it('has commands', () => {
    expect(blocks.length).toBeGreaterThan(10);
  });

  it.each(blocks)(
    'has commands that work as they are pasted: block $title',
    { timeout: 120_000 },
    async ({ block }) => {
      const { sandbox } = service;
      const { id } = await sandbox.createKey();
      const script = `set -euo pipefail\n${block.replaceAll('curl -sS', 'curl -sS --fail-with-body').replaceAll('KEY_ID', id)}`;
      const { code, stdout, stderr } = await runTool('bash', ['-c', script], {
        cwd: sandbox.folder,
        env: sandbox.env,
      });
      expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
    },
  );
});
