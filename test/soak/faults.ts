import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { SoakFleet, SoakNode } from './fleet.ts';

export const FAULT_NAMES = [
  'Redis killed',
  'Redis hung',
  'Redis wiped',
  'Postgres hung',
  'Postgres cut',
  'Postgres slow',
  'S3 cut',
  'instance restarted',
  'instance killed',
] as const;

export type FaultName = (typeof FAULT_NAMES)[number];

export interface Faults {
  /** The fault that lasts or has just ended, so that a call may still feel it. */
  current(): FaultName | undefined;
  /** Goes through all of them, again and again, until it is told to stop. */
  run(isOver: () => boolean): Promise<void>;
}

export interface FaultOptions {
  /** How long each lasts. */
  readonly faultMs: number;
  /** How long all is well in between. */
  readonly calmMs: number;
  readonly onChange: (text: string) => void;
}

/** How long after its end a fault may be felt: breakers are open for a while, and connections are made anew. */
const AFTERMATH_MS = 6_000;
const SLOW_MS = 200;

type Fault = (fleet: SoakFleet, lasts: () => Promise<void>) => Promise<void>;

export function createFaults(fleet: SoakFleet, { faultMs, calmMs, onChange }: FaultOptions): Faults {
  let current: FaultName | undefined;
  let turn = 0;
  const order = Object.entries(FAULTS) as [FaultName, Fault][];
  return {
    current: () => current,
    async run(isOver) {
      while (!isOver()) {
        await delay(calmMs);
        const [name, fault] = order[turn % order.length] ?? [];
        if (name === undefined || fault === undefined || isOver()) break;
        turn += 1;
        onChange(`fault: ${name}`);
        current = name;
        await fault(fleet, () => delay(faultMs));
        await delay(AFTERMATH_MS);
        current = undefined;
      }
    },
  };
}

const onEveryNode = (fleet: SoakFleet, work: (node: SoakNode) => Promise<void>) =>
  Promise.all(fleet.nodes.map(work)).then(() => {});

function nodeOf({ nodes }: SoakFleet, index: number): SoakNode {
  const node = nodes[index];
  if (node === undefined) throw new Error(`there is no instance ${index}`);
  return node;
}

const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'Redis killed': async ({ redis }, lasts) => {
    await redis.kill();
    await lasts();
    await redis.restart();
  },
  'Redis hung': async ({ redis }, lasts) => {
    await redis.pause();
    await lasts();
    await redis.resume();
  },
  'Redis wiped': async ({ redis }, lasts) => {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    await lasts();
  },
  'Postgres hung': async (fleet, lasts) => {
    await onEveryNode(fleet, ({ toPostgres }) =>
      toPostgres.spoil({ type: 'timeout', attributes: { timeout: 0 } }),
    );
    await lasts();
    await onEveryNode(fleet, ({ toPostgres }) => toPostgres.heal());
  },
  'Postgres cut': async (fleet, lasts) => {
    await onEveryNode(fleet, ({ toPostgres }) => toPostgres.cut());
    await lasts();
    await onEveryNode(fleet, ({ toPostgres }) => toPostgres.heal());
  },
  'Postgres slow': async (fleet, lasts) => {
    await onEveryNode(fleet, ({ toPostgres }) =>
      toPostgres.spoil({ type: 'latency', attributes: { latency: SLOW_MS } }),
    );
    await lasts();
    await onEveryNode(fleet, ({ toPostgres }) => toPostgres.heal());
  },
  'S3 cut': async ({ toS3 }, lasts) => {
    await toS3.cut();
    await lasts();
    await toS3.heal();
  },
  'instance restarted': async (fleet, lasts) => {
    const node = nodeOf(fleet, 0);
    // As a load balancer has it: no new calls first, and what runs is finished.
    node.isInRotation = false;
    const code = await node.program?.stop();
    if (code !== 0) throw new Error(`${node.name} ended with ${code} when it was asked to stop`);
    await lasts();
    await node.start();
  },
  'instance killed': async (fleet, lasts) => {
    const node = nodeOf(fleet, 1);
    await node.program?.kill();
    node.isInRotation = false;
    await lasts();
    await node.start();
  },
};
