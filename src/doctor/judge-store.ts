// Judges a key store that was looked at. Pure.
import type { StoreInspection } from '../store/inspect-store.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';

export interface StoreObservation {
  readonly inspection: StoreInspection;
  readonly latencyMs: number;
}

export interface StoreSettings {
  readonly autoMigrate: boolean;
  readonly databasePoolSize: number;
  /** Those that share a Redis at the moment; 0 where that is not known. */
  readonly instances: number;
}

/** Types of file systems (statfs(2)) that are on another machine. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
  [0x47504653, 'GPFS'],
]);

/** Instances that Postgres has to have connections for: two, while one replaces the other. */
const INSTANCES = 2;

export function judgeStore(
  seen: StoreObservation | { readonly failure: string },
  settings: StoreSettings,
): readonly Finding[] {
  if ('failure' in seen)
    return [
      problem(
        'store',
        `the key store cannot be used: ${seen.failure}`,
        'Check DATABASE_URL: sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
      ),
    ];
  const { inspection, latencyMs } = seen;
  const ms = `${Math.round(latencyMs)} ms`;
  const what =
    inspection.kind === 'sqlite'
      ? `SQLite in ${inspection.path}, ${ms}`
      : `Postgres ${inspection.version} answers in ${ms}, with connecting`;
  return [
    ok('store', what),
    judgeSchema(inspection, settings),
    inspection.kind === 'sqlite'
      ? judgePlace(inspection.fileSystem, settings)
      : ok('store-place', 'Postgres, which instances share'),
    inspection.kind === 'sqlite'
      ? skipped('store-pool', 'not applicable: SQLite')
      : judgePool(inspection, settings),
  ];
}

function judgeSchema({ schema }: StoreInspection, { autoMigrate }: StoreSettings): Finding {
  const { found, known, refusal } = schema;
  if (refusal !== undefined || found === undefined)
    return problem(
      'store-schema',
      refusal ?? 'unknown',
      'Start the newer presignd, or point DATABASE_URL at a store of this one.',
    );
  if (found === known) return ok('store-schema', `version ${known}`);
  if (found > known)
    return ok('store-schema', `version ${found}, which a presignd that knows ${known} may go on using`);
  const seen =
    found === 0 ? 'there is no schema yet' : `the schema has version ${found}, and this presignd ${known}`;
  return autoMigrate
    ? ok('store-schema', `${seen}: the service brings it up to date when it starts`)
    : problem('store-schema', `${seen}, and PRESIGND_AUTO_MIGRATE is false`, 'presignd migrate');
}

function judgePlace(fileSystem: number, { instances }: StoreSettings): Finding {
  // Some systems answer the number as a signed one.
  const network = NETWORK_FILE_SYSTEMS.get(fileSystem >>> 0);
  if (network !== undefined)
    return problem(
      'store-place',
      `the SQLite file is on ${network}`,
      'DATABASE_URL=sqlite:PATH on a local disk, or postgres://…',
    );
  return instances > 1
    ? warning(
        'store-place',
        `${instances} instances share the Redis, and a SQLite file has the keys of one machine`,
        'Run them all on this machine, or set DATABASE_URL=postgres://… everywhere.',
      )
    : ok('store-place', 'a local disk');
}

function judgePool(
  { maxConnections, usedConnections }: Extract<StoreInspection, { kind: 'postgres' }>,
  { databasePoolSize }: StoreSettings,
): Finding {
  const free = maxConnections - usedConnections;
  const seen = `${usedConnections} of ${maxConnections} connections are in use, and an instance opens up to ${databasePoolSize}`;
  if (databasePoolSize > maxConnections)
    return problem(
      'store-pool',
      seen,
      `PRESIGND_DATABASE_POOL_SIZE=${Math.max(2, Math.floor(maxConnections / INSTANCES))}`,
    );
  return free < databasePoolSize
    ? warning(
        'store-pool',
        seen,
        'Raise max_connections in postgresql.conf, or lower PRESIGND_DATABASE_POOL_SIZE.',
      )
    : ok('store-pool', seen);
}
