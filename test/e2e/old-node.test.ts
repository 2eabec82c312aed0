// `npm ci --ignore-scripts` leaves the pinned Node out, and the machine's own may be too old.

import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../support/tool.ts';

const ROOT = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** As an old Node would tell its version; nothing else of it matters before that is looked at. */
const PRETEND =
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';

describe('on a machine with an old Node', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'presignd-old-node-'));
    const node = join(folder, 'node');
    const pretence = `data:text/javascript,${encodeURIComponent(PRETEND).replaceAll("'", '%27')}`;
    await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' --import '${pretence}' "$@"\n`);
    await chmod(node, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(['dev', 'start', 'presignd', 'test', 'test:unit', 'check', 'generate', 'bench'])(
    'npm run %s says which one it needs, in one line, and ends',
    async (name) => {
      const env = { PATH: `${folder}:/usr/bin:/bin` };
      expect(await runTool('sh', ['-c', scripts[name]], { cwd: ROOT, env })).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^presignd needs Node 24 or newer; this is 20\.20\.2\. Either .*\n$/),
      });
    },
  );
});
