import { setTimeout as delay } from 'node:timers/promises';

/** How long a dependency may take to answer a health check before it counts as down. */
const CHECK_TIMEOUT_MS = 1_000;

export interface Dependency {
  /** Rejects when the dependency does not answer. A string that it answers is shown as `detail`. */
  readonly check: () => Promise<unknown>;
  /** Without a required dependency the instance is not ready; without another it is only degraded. */
  readonly required: boolean;
}

export interface DependencyReport {
  readonly status: 'up' | 'down';
  readonly required: boolean;
  readonly latencyMs: number;
  readonly detail?: string;
}

export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'down' | 'draining';
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly dependencies: Readonly<Record<string, DependencyReport>>;
}

export interface Health {
  /** Asks every dependency, all at once. Callers that ask at the same time share one round. */
  report(): Promise<HealthReport>;
  /** False once the instance drains: new calls belong elsewhere. */
  isServing(): boolean;
  /** From now on the instance is not ready; running calls go on. */
  drain(): void;
  /** Calls back when `isServing` changes. Returns a function that stops it. */
  onChange(listener: () => void): () => void;
}

export interface HealthOptions {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, Dependency>>;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

export function createHealth({ version, dependencies, clock }: HealthOptions): Health {
  const startedAtMs = clock();
  const listeners = new Set<() => void>();
  let serving = true;
  let round: Promise<HealthReport> | undefined;

  async function ask(): Promise<HealthReport> {
    const entries = await Promise.all(
      Object.entries(dependencies).map(async ([name, dependency]) => {
        const askedAtMs = clock();
        return [name, await probe(dependency, () => clock() - askedAtMs)] as const;
      }),
    );
    return {
      status: overallStatus(entries),
      version,
      uptimeSeconds: Math.round((clock() - startedAtMs) / 1000),
      dependencies: Object.fromEntries(entries),
    };
  }

  function overallStatus(entries: readonly (readonly [string, DependencyReport])[]): HealthReport['status'] {
    if (!serving) return 'draining';
    const down = entries.filter(([, report]) => report.status === 'down').map(([name]) => name);
    if (down.some((name) => dependencies[name]?.required)) return 'down';
    return down.length > 0 ? 'degraded' : 'ok';
  }

  return {
    report: () => {
      round ??= ask().finally(() => {
        round = undefined;
      });
      return round;
    },
    isServing: () => serving,
    drain: () => {
      if (!serving) return;
      serving = false;
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function probe(dependency: Dependency, elapsedMs: () => number): Promise<DependencyReport> {
  const abandon = new AbortController();
  const timeout = delay(CHECK_TIMEOUT_MS, undefined, { signal: abandon.signal }).then(
    () => Promise.reject(new Error('no answer in time')),
    () => undefined,
  );
  const { required } = dependency;
  try {
    const detail = await Promise.race([dependency.check(), timeout]);
    return {
      status: 'up',
      required,
      latencyMs: round1(elapsedMs()),
      ...(typeof detail === 'string' ? { detail } : {}),
    };
  } catch {
    // The cause may name hosts and users; the public report says only that it is down.
    return { status: 'down', required, latencyMs: round1(elapsedMs()) };
  } finally {
    abandon.abort();
  }
}

function round1(ms: number): number {
  return Math.round(ms * 10) / 10;
}
