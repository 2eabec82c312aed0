import fc from 'fast-check';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createPlainLines } from '../../../src/telemetry/plain-lines.ts';

it("a line of plain values is pino's", () => {
  const base = { service: 'presignd', version: '1.2.3', worker: undefined };
  const timestamp = () => ',"time":"2026-01-31T00:00:00.000Z"';
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const formatters = { level: (label: string) => ({ level: label }) };
  const logger = pino({ base, timestamp, formatters, level: 'debug' }, stream);
  const writeLine = createPlainLines(stream, base, timestamp);
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom('"', '\\', '\n', '\u2028'),
    fc.double(),
    fc.constant(undefined),
  );
  const fields = fc.record({ path: value, status: value, owner: value }, { requiredKeys: [] });
  const level = fc.constantFrom('debug', 'info', 'warn', 'error');
  fc.assert(
    fc.property(level, fields, fc.string({ unit: 'binary' }), (each, line, message) => {
      lines.length = 0;
      logger[each](line, message);
      writeLine(each, line, message);
      const [byPino = '', byUs = ''] = lines;
      expect(byUs.endsWith('}\n')).toBe(true);
      expect(Object.entries(JSON.parse(byUs))).toEqual(Object.entries(JSON.parse(byPino)));
    }),
    { numRuns: 40 },
  );
});
