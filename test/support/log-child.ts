// A process that logs far more than a pipe holds, says so on stderr, and closes its log when its stdin ends.
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { openLogger } from '../../src/telemetry/logger.ts';

const LINES = 64 * 1024;
const FILLER = 'x'.repeat(1024);

const { logger, [Symbol.asyncDispose]: close } = await openLogger({
  level: 'info',
  format: 'json',
  version: '0',
  secretPatterns: [],
});
for (let n = 0; n < LINES; n += 1) {
  logger.info(FILLER);
  if (n % 256 === 0) await setImmediate();
}
process.stderr.write('logged\n');
process.stdin.resume();
await once(process.stdin, 'end');
logger.info('the last line');
await close();
