import { readFileSync } from 'node:fs';

/** Linux counts CPU time for programs in ticks of 10 ms, whatever the kernel's own clock is (proc(5), USER_HZ). */
const TICK_MS = 10;

/** Where utime and stime stand after the name of the program, which may hold spaces (proc(5), /proc/pid/stat). */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** CPU time of all threads of a process since its start, in milliseconds. Linux only. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * TICK_MS;
}

/** Memory of a process that is in RAM now, in megabytes (10^6 bytes). Linux only. */
export function rssMbOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}
