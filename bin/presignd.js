#!/usr/bin/env node
// Plain JavaScript that any Node understands, so that an old one answers a sentence instead of a syntax error.
import * as module from 'node:module';

const NEEDED_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR) {
  process.stderr.write(
    `presignd needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}. ` +
      `"npm ci" brings the right one for npm scripts: use "npm run presignd --" instead.\n`,
  );
  process.exitCode = 1;
} else {
  // Keeps compiled code between starts: docs/benchmarks.md has a first start beside the next.
  module.enableCompileCache();
  await import('../src/main.ts');
}
