import { readdir, readFile } from 'node:fs/promises';
import { sendHttp1 } from './http-requests.ts';
import type { Program } from './program.ts';

/** What a running service holds, as far as Linux and its own metrics tell. */
export interface ServiceUsage {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly fileDescriptors: number;
}

export async function usageOf({ pid, url }: Pick<Program, 'pid' | 'url'>): Promise<ServiceUsage> {
  const { body } = await sendHttp1(`${url}/metrics`);
  const heap = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(body)?.[1];
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return {
    rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024,
    heapBytes: Number(heap ?? Number.NaN),
    fileDescriptors: files.length,
  };
}
