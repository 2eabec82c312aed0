import { Fault } from '../fault/fault.ts';
import type { Door, HttpHandler, HttpResponse } from '../rpc/http-handler.ts';
import type { Health, HealthReport } from '../telemetry/health.ts';
import type { Refuse } from './entry.ts';
import { freshWithinReason } from './fresh-page.ts';

/** Every path of gRPC's health protocol begins so. */
const RPC_HEALTH = '/grpc.health.v1.Health/';

/** Whether the path is a health probe's: orchestrators send them without TLS, kubelet those over gRPC always. */
export function isHealthPath(path: string): boolean {
  return path === '/health' || path === '/livez' || path === '/readyz' || path.startsWith(RPC_HEALTH);
}

export interface HealthRoutesOptions {
  readonly health: Health;
  /** The metrics page; without it there is no `/metrics`. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly refuse: Refuse;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  /** One for all who are answered with the page, however long some of them take to read it. */
  readonly body: Buffer;
}

/**
 * `/health` for people, `/livez` and `/readyz` for orchestrators, `/metrics` for Prometheus: GET and HEAD, no
 * authentication. `/livez` asks no dependency, for a restart would not bring one back.
 */
export function createHealthRoutes({ health, metrics, refuse, clock }: HealthRoutesOptions): Door {
  const report = freshWithinReason(health.report, clock);
  const metricsPage = metrics && freshWithinReason(async () => pageFrom(200, await metrics()), clock);
  const pages: Record<string, () => Promise<Page>> = {
    '/health': async () => healthPage(await report()),
    '/livez': async () => jsonPage(200, { status: 'ok' }),
    '/readyz': async () => readyPage(await report()),
    ...(metricsPage && { '/metrics': metricsPage }),
  };
  const handlers = new Map(
    Object.entries(pages).map(([route, page]) => [route, handlerOf(route, page, refuse)] as const),
  );
  return { match: (path) => handlers.get(path) };
}

function handlerOf(route: string, page: () => Promise<Page>, refuse: Refuse): HttpHandler {
  return (request, response, record) => {
    record.route = route;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      refuse(request, response, record, new Fault('METHOD_NOT_ALLOWED'));
      return;
    }
    page().then(
      (answer) => send(response, answer, request.method === 'HEAD'),
      (cause: unknown) => refuse(request, response, record, new Fault('INTERNAL', { cause })),
    );
  };
}

function send(response: HttpResponse, { status, contentType, body }: Page, headersOnly: boolean): void {
  response.statusCode = status;
  response.setHeader('content-type', contentType);
  response.setHeader('content-length', body.length);
  response.setHeader('cache-control', 'no-store');
  if (headersOnly) response.end();
  else response.end(body);
}

function healthPage(report: HealthReport): Page {
  const { status, version, uptimeSeconds, dependencies } = report;
  return jsonPage(isReady(report) ? 200 : 503, {
    status,
    version,
    uptime: uptimeSeconds,
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([name, { status, latencyMs, detail }]) => [
        name,
        { status, latencyMs, ...(detail === undefined ? {} : { detail }) },
      ]),
    ),
  });
}

function readyPage(report: HealthReport): Page {
  const missing = Object.entries(report.dependencies)
    .filter(([, { status, required }]) => required && status === 'down')
    .map(([name]) => name);
  return jsonPage(isReady(report) ? 200 : 503, { status: report.status, missing });
}

function isReady({ status }: HealthReport): boolean {
  return status === 'ok' || status === 'degraded';
}

function jsonPage(status: number, body: unknown): Page {
  return pageFrom(status, { contentType: 'application/json', body: JSON.stringify(body) });
}

function pageFrom(status: number, page: { readonly contentType: string; readonly body: string }): Page {
  return { status, contentType: page.contentType, body: Buffer.from(page.body) };
}
