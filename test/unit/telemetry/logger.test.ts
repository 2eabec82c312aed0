import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { repositoryPath } from '../../bench/child-server.ts';
import { guardChild } from '../../support/tool.ts';

/** Whoever collects the log can hang; the service must not hoard lines until it runs out of memory. */
it('drops lines while nobody reads them, and goes on when somebody does', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../support/log-child.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  guardChild(child);
  await once(child.stderr, 'data');
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    // There is room in the backlog again.
    if (bytes > 4 * 1024 * 1024) child.stdin.end();
  });
  const log = text(child.stdout);
  const lines = (await log).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(1_000);
  // 64 MiB were logged.
  expect(lines.length).toBeLessThan(16 * 1024);
  expect(lines.every((line) => JSON.parse(line).level === 'info')).toBe(true);
  expect(JSON.parse(lines.at(-1) ?? '').msg).toBe('the last line');
});

/** The last lines of a process that breaks down are those that say why. */
it('holds what was logged before an error that nobody caught', async () => {
  const script = `
    import { openLogger } from '${repositoryPath('src/telemetry/logger.ts')}';
    const { logger } = await openLogger({ level: 'info', format: 'json', version: '0', secretPatterns: [/secret/g] });
    logger.info('before the end, with a secret');
    throw new Error('unforeseen');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  guardChild(child);
  const lines = (await text(child.stdout)).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['before the end, with a [redacted]']);
});
