#!/usr/bin/env node
import './required-node.js';
import * as module from 'node:module';

// What follows is not imported statically, which would be linked, and fail, before the Node is looked at.

// Keeps compiled code between starts: docs/benchmarks.md has a first start beside the next.
module.enableCompileCache();
await import('./quick-imports.js');
await import('../src/main.ts');
