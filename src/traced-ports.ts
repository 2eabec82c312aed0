// Which calls of the ports get a span where requests are traced. Without tracing the ports stay as they are.
import type { KeyStore, SharedKeyCache } from './keys/ports.ts';
import type { ByteLedger, SharedRateCounts, SharedTokenCounts } from './quota/ports.ts';
import type { PortCalls, Tracing } from './telemetry/tracing.ts';
import type { CreationMemory, ObjectStorage } from './uploads/ports.ts';

/** Puts spans around a port. */
type TracePort<Port> = (port: Port) => Port;

export interface TracedPorts {
  store(databaseUrl: string): TracePort<KeyStore & ByteLedger>;
  readonly keyCache: TracePort<SharedKeyCache>;
  readonly rateCounts: TracePort<SharedRateCounts>;
  readonly tokenCounts: TracePort<SharedTokenCounts>;
  readonly creationMemory: TracePort<CreationMemory>;
  storage(destination: string): TracePort<ObjectStorage>;
}

export function createTracedPorts(tracing: Tracing): TracedPorts {
  const tracePort =
    <Port extends object>(calls: PortCalls<Port>): TracePort<Port> =>
    (port) =>
      tracing.port(port, calls);
  const redis = <Port extends object>(...methods: PortCalls<Port>['methods']): TracePort<Port> =>
    tracePort<Port>({ system: 'redis', methods, attributes: { 'db.system.name': 'redis' } });
  return {
    store: (databaseUrl) => {
      const system = /^sqlite:/i.test(databaseUrl) ? 'sqlite' : 'postgresql';
      return tracePort<KeyStore & ByteLedger>({
        system,
        methods: ['findByDigest', 'findById', 'commit', 'list', 'audit', 'takeBytes'],
        attributes: { 'db.system.name': system },
      });
    },
    keyCache: redis<SharedKeyCache>('get', 'fill', 'announce'),
    rateCounts: redis<SharedRateCounts>('take'),
    tokenCounts: redis<SharedTokenCounts>('take'),
    creationMemory: redis<CreationMemory>('remember', 'replace', 'recall'),
    storage: (destination) =>
      tracePort<ObjectStorage>({
        system: 's3',
        methods: [
          'createMultipartUpload',
          'listParts',
          'completeMultipartUpload',
          'abortMultipartUpload',
          'headObject',
        ],
        attributes: { 'rpc.system': 'aws-api', 'rpc.service': 'S3', 'presignd.destination': destination },
      }),
  };
}
