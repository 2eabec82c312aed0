// The settings of how much is taken on at a time.
import { type SettingRow, withDefault } from './setting-row.ts';
import { duration, integer } from './value-types.ts';

export const OVERLOAD_SETTINGS = {
  maxConcurrentCalls: withDefault({
    name: 'PRESIGND_MAX_CONCURRENT_CALLS',
    type: integer(1, 1_000_000),
    default: '2000',
    doc: 'Calls that are worked on at once. A call whose body is still coming is not among them.',
  }),
  maxQueuedCalls: withDefault({
    name: 'PRESIGND_MAX_QUEUED_CALLS',
    type: integer(0, 1_000_000),
    default: '1000',
    doc: 'Calls beyond those that wait for their turn, for half a second at the most. Further ones get 503.',
  }),
  maxLoopDelayMs: withDefault({
    name: 'PRESIGND_MAX_LOOP_DELAY',
    type: duration('0s', '1m'),
    default: '500ms',
    doc: 'How late the event loop may be. While it stays later than that for a second, new calls get 503. `0s`: however late.',
  }),
  maxConnections: withDefault({
    name: 'PRESIGND_MAX_CONNECTIONS',
    type: integer(1, 1_000_000),
    default: '10000',
    doc: 'Connections open at once. Further ones are closed on arrival. Keep it below the limit of open files.',
  }),
  maxConnectionsPerAddress: withDefault({
    name: 'PRESIGND_MAX_CONNECTIONS_PER_ADDRESS',
    type: integer(0, 1_000_000),
    default: '0',
    doc: 'The same for one peer address (per /64 for IPv6), trusted proxies aside. 0: as many as there may be in all.',
  }),
} as const satisfies Record<string, SettingRow<unknown>>;
