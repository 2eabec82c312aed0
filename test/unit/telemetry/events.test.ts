import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createEvents } from '../../../src/telemetry/events.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { RequestRecord } from '../../../src/telemetry/request-record.ts';

const END = { method: 'POST', path: '/x', status: 200, durationMs: 1, httpVersion: '2.0' };

function levelOf(outcome: Partial<RequestRecord>): string {
  const lines: string[] = [];
  const logger = pino(
    { level: 'debug', formatters: { level: (label) => ({ level: label }) } },
    { write: (line) => lines.push(line) },
  );
  const record = {
    requestId: 'r',
    startedAtMs: 0,
    remoteAddress: '',
    route: 'a.B/C',
    protocol: 'grpc' as const,
    code: 'ok',
    ...outcome,
  };
  createEvents(logger, createMetrics('0')).requestEnded(record, END);
  return JSON.parse(lines[0] ?? '{}').level;
}

it('a defect is an error in the log, and what a caller can do at will is none', () => {
  expect(levelOf({ code: 'internal', reason: 'INTERNAL' })).toBe('error');
  expect(levelOf({ code: 'internal', cause: new Error('broken') })).toBe('error');
  // What gRPC demands for a message that is marked as compressed without a word of how.
  expect(levelOf({ code: 'internal' })).toBe('info');
  expect(levelOf({ code: 'invalid_argument', reason: 'INVALID_REQUEST' })).toBe('info');
  expect(levelOf({ code: 'unavailable', reason: 'STORE_UNAVAILABLE' })).toBe('warn');
});
