import type { ApiKey, ShownStatus } from './api-key.ts';

/** The status as people understand it: an active key whose time is over is expired. */
export function shownStatus(key: Pick<ApiKey, 'status' | 'expiresAtMs'>, nowMs: number): ShownStatus {
  const isOver = key.expiresAtMs !== null && key.expiresAtMs <= nowMs;
  return key.status === 'active' && isOver ? 'expired' : key.status;
}
