#!/usr/bin/env node
import './required-node.js';
import * as module from 'node:module';

// Keeps compiled code between starts: docs/benchmarks.md has a first start beside the next.
module.enableCompileCache();
// Not a static import, which would be linked, and fail, before the Node is looked at.
await import('../src/main.ts');
