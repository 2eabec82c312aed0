// The settings of how many processes serve.
import { type SettingRow, withDefault } from './setting-row.ts';
import { duration, type ValueType } from './value-types.ts';

const WORKERS_MAX = 256;

/** How many processes serve; `auto` is one for each core that this process may use. */
export const workerCount: ValueType<number | 'auto'> = {
  label: `integer, 1 to ${WORKERS_MAX}, or \`auto\``,
  read: (value) => {
    if (value === 'auto') return value;
    const count = Number(value);
    if (!/^\d{1,3}$/.test(value) || count < 1 || count > WORKERS_MAX) {
      throw new Error(`must be an integer from 1 to ${WORKERS_MAX}, or auto`);
    }
    return count;
  },
};

export const WORKER_SETTINGS = {
  workers: withDefault({
    name: 'PRESIGND_WORKERS',
    type: workerCount,
    default: '1',
    doc: 'Processes of `presignd serve` that share the port: `auto` is one for each core. With 1 there is no supervisor. `--workers` overrides it.',
  }),
  workerTimeoutMs: withDefault({
    name: 'PRESIGND_WORKER_TIMEOUT',
    type: duration('1s', '1h'),
    default: '10s',
    doc: 'A worker whose event loop has answered nothing for so long is killed and replaced. Time in which the supervisor itself was held up does not count.',
  }),
} as const satisfies Record<string, SettingRow<unknown>>;
