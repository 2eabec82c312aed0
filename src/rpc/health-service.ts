import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import {
  type Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.js';
import type { Health } from '../telemetry/health.ts';

type ServingState = Pick<Health, 'isServing' | 'onChange'>;

/**
 * grpc.health.v1.Health for the whole server (the empty name) and each of its services. They share one process and
 * one fate, so every known name has the same status.
 */
export function createHealthService(
  health: ServingState,
  serviceNames: readonly string[],
): ServiceImpl<typeof HealthService> {
  const known = new Set(['', ...serviceNames]);
  const status = () => (health.isServing() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  return {
    check: ({ service }) => {
      if (!known.has(service)) throw new ConnectError('unknown service', Code.NotFound);
      return { status: status() };
    },
    list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])) }),
    // The protocol wants an unknown name watched, not refused: it may become known.
    watch: ({ service }, { signal }) =>
      watch(health, known.has(service) ? status : () => ServingStatus.SERVICE_UNKNOWN, signal),
  };
}

/** The status now and after every change, until the caller leaves or the server shuts down. */
async function* watch(
  health: ServingState,
  status: () => ServingStatus,
  signal: AbortSignal,
): AsyncGenerator<{ status: ServingStatus }> {
  let sent: ServingStatus | undefined;
  while (!signal.aborted) {
    const current = status();
    if (current !== sent) yield { status: current };
    sent = current;
    if (status() === sent) await changeOrAbort(health, signal);
  }
}

function changeOrAbort(health: ServingState, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      stopListening();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stopListening = health.onChange(done);
    signal.addEventListener('abort', done, { once: true });
  });
}
