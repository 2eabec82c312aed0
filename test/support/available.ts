import { describe, inject, it, type ProvidedContext } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why each service that could not be started is missing, by the name it would be provided under. */
    readonly missingServices: Readonly<Record<string, string>>;
  }
}

/**
 * Declares a suite that needs a service which the global setup provides, and hands it the service. Where the
 * service is missing the suite stays visible as one skipped test that says why.
 */
export function describeWith<K extends 'redisUrl' | 'minio' | 'postgresUrl' | 'toxiproxyUrl'>(
  service: K,
  name: string,
  suite: (service: NonNullable<ProvidedContext[K]>) => void,
): void {
  const provided = inject(service);
  if (provided !== undefined && provided !== null) describe(name, () => suite(provided));
  else describeUnless(inject('missingServices')[service] ?? `no ${service} was provided`, name, () => {});
}

/** Declares a suite, or, when something is `missing`, one skipped test in its place that says what. */
export function describeUnless(missing: string | undefined, name: string, suite: () => void): void {
  if (missing === undefined) describe(name, suite);
  else describe.skip(name, () => it(`needs what is not here: ${missing}`, () => {}));
}
