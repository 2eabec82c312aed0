// What probes could have seen.
import type { DestinationSettings } from '../../../src/config/destinations.ts';
import type { HttpAnswer, HttpOutcome } from '../../../src/doctor/http-probe.ts';

export const SPEC: DestinationSettings = {
  name: 'default',
  bucket: 'uploads',
  provider: 'generic',
  region: 'us-east-1',
  endpoint: 'https://s3.example.com',
  publicEndpoint: undefined,
  forcePathStyle: false,
  keyPrefix: 'up/',
  publicBaseUrl: undefined,
  urlTtlMs: 15 * 60_000,
  urlMaxTtlMs: undefined,
  activeContent: 'attachment',
  allowedAcls: [],
  objectKeyTemplate: '{uuid}',
  allowedOverrides: [],
  credentials: { source: 'default' },
};

/** Noon, and 250 ms. */
export const NOW_MS = Date.UTC(2026, 4, 17, 12) + 250;

export function answerOf(answer: Partial<HttpAnswer>): HttpAnswer {
  return { status: 200, headers: {}, body: '', atMs: NOW_MS, latencyMs: 1, ...answer };
}

export function answered(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): HttpOutcome {
  return { answer: answerOf({ status, headers, body }) };
}

export const SILENT: HttpOutcome = {
  failure: { kind: 'silent', text: 'it did not answer in time (TimeoutError)' },
};

export function refusal(status: number, code: string) {
  return { refusal: { status, code, region: undefined } };
}
