// The process that makes the load. One for the whole bench, so that all servers meet an equally warm one.
import { runGrpc } from './grpc-load.ts';
import { runHttp1 } from './http1-load.ts';
import { IN_FLIGHT, type LoadOrder, type LoadReport } from './load-order.ts';

const RUN = { http1: runHttp1, grpc: runGrpc } as const;

process.on('message', (order: LoadOrder) => {
  carryOut(order).then(report, (error: unknown) => report({ failure: String(error) }));
});

async function carryOut({ request, port, durationMs, inFlight = IN_FLIGHT }: LoadOrder): Promise<LoadReport> {
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + durationMs;
  const requests = await RUN[request.kind](request, port, inFlight, () => performance.now() >= endsAtMs);
  return { requests, elapsedMs: performance.now() - startedAtMs };
}

function report(what: LoadReport): void {
  process.send?.(what);
}
