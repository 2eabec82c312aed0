import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

/** Short, so that a process that has used up its share is not heard of for some milliseconds, and not for a tenth of a second. */
const PERIOD_MICROS = 10_000;

/** Where Linux mounts control groups of version 2 and the processor controller of version 1 (cgroups(7)). */
const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/cpu';

/**
 * Lets a process have no more than `cores` of processor time, all its threads together, until it is disposed of.
 * Undefined where this user may not make control groups.
 */
export function limitCpu(pid: number, cores: number): Disposable | undefined {
  const isV2 = existsSync(`${V2}/cgroup.controllers`);
  const root = isV2 ? V2 : V1;
  const group = `${root}/presignd-bench-${pid}`;
  const quotaMicros = Math.round(PERIOD_MICROS * cores);
  try {
    mkdirSync(group);
  } catch {
    return undefined;
  }
  try {
    if (isV2) {
      writeFileSync(`${group}/cpu.max`, `${quotaMicros} ${PERIOD_MICROS}`);
    } else {
      writeFileSync(`${group}/cpu.cfs_period_us`, String(PERIOD_MICROS));
      writeFileSync(`${group}/cpu.cfs_quota_us`, String(quotaMicros));
    }
    writeFileSync(`${group}/cgroup.procs`, String(pid));
  } catch {
    rmdirSync(group);
    return undefined;
  }
  return {
    [Symbol.dispose]: () => {
      // Only an empty group can be removed.
      if (existsSync(`/proc/${pid}`)) writeFileSync(`${root}/cgroup.procs`, String(pid));
      rmdirSync(group);
    },
  };
}
