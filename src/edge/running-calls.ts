import type { RequestRecord } from '../telemetry/request-record.ts';

/** Calls of one route and protocol. */
export interface CallGroup {
  readonly protocol: string;
  readonly route: string;
  readonly calls: number;
}

/** Counts the calls by route and protocol, which hold nothing of what a caller sent. */
export function groupCalls(running: Iterable<RequestRecord>): readonly CallGroup[] {
  const groups = new Map<string, CallGroup>();
  for (const { protocol, route } of running) {
    const name = `${protocol} ${route}`;
    groups.set(name, { protocol, route, calls: (groups.get(name)?.calls ?? 0) + 1 });
  }
  return [...groups.values()];
}
