// Joins every place that uploads go to: what may be uploaded there, who signs, and the S3 behind it.
import { type DestinationSettings, destinationsFrom, type UploadSettings } from './config/destinations.ts';
import { credentialProviderFor } from './s3/credential-sources.ts';
import type { CredentialProvider } from './s3/credentials.ts';
import { createObjectStorage } from './s3/object-storage.ts';
import { openPresigner, type S3Presigner } from './s3/presigner.ts';
import { clock } from './system.ts';
import type { Events } from './telemetry/events.ts';
import type { Dependency } from './telemetry/health.ts';
import type { TracedPorts } from './traced-ports.ts';
import type { UploadDestination, UploadDestinations } from './uploads/destination.ts';
import { parseObjectKeyTemplate } from './uploads/object-key-template.ts';
import type { Presigner } from './uploads/ports.ts';
import { PROVIDER_CAPABILITIES } from './uploads/providers.ts';
import { DEFAULT_DESTINATION } from './uploads/upload.ts';
import { createUploadPolicy, type UploadPolicy } from './uploads/upload-policy.ts';

export type DestinationEvents = Pick<
  Events,
  'presigned' | 'signerChosen' | 'credentialsFailed' | 'storageClockRead' | 'storageElsewhere'
>;

export interface OpenDestinations extends AsyncDisposable {
  readonly destinations: UploadDestinations;
  /** What a health report asks: `s3` for the default destination, which is required, and `s3:NAME` for the others. */
  readonly dependencies: Readonly<Record<string, Dependency>>;
}

export interface DestinationOptions {
  /** For the default destination, instead of the AWS SDK's own chain. */
  readonly credentials?: CredentialProvider | undefined;
  readonly events: DestinationEvents;
  /** Undefined where requests are not traced. */
  readonly ports?: TracedPorts | undefined;
}

/**
 * Opens all destinations at once. Nothing is asked of S3. Rejects, with all closed again, with a SettingsError or an
 * Error that names the destination when one of them cannot be used.
 */
export async function openDestinations(
  settings: UploadSettings,
  { credentials, events, ports }: DestinationOptions,
): Promise<OpenDestinations> {
  await using opening = new AsyncDisposableStack();
  const specs = destinationsFrom(settings);
  const settled = await Promise.allSettled(
    specs.map(async (spec) => {
      const given = spec.name === DEFAULT_DESTINATION ? credentials : undefined;
      const provider = given ?? credentialProviderFor(spec.credentials);
      const opened = await openDestination(spec, settings.signer, provider, { events, ports }).catch(
        (error: unknown) => {
          throw named(spec.name, error);
        },
      );
      return opening.use(opened);
    }),
  );
  const opened = settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const open = opening.move();
  return {
    destinations: new Map(opened.map(({ destination }) => [destination.name, destination])),
    dependencies: Object.fromEntries(
      opened.map(({ destination: { name }, check }) => dependency(name, check)),
    ),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

interface OpenDestination extends Disposable {
  readonly destination: UploadDestination;
  check(): Promise<string>;
}

async function openDestination(
  spec: DestinationSettings,
  signer: UploadSettings['signer'],
  credentials: CredentialProvider | undefined,
  { events, ports }: Pick<DestinationOptions, 'events' | 'ports'>,
): Promise<OpenDestination> {
  const { name, bucket, region, endpoint, publicEndpoint, forcePathStyle, publicBaseUrl } = spec;
  // Before anything is opened, as a template that cannot be used throws.
  const policy = createPolicy(spec);
  const presigner = await openPresigner({
    bucket,
    region,
    endpoint,
    publicEndpoint,
    forcePathStyle,
    publicBaseUrl,
    signer,
    credentials,
    wallClockMs: clock.wallMs,
    onSignerChange: (choice) => events.signerChosen(name, choice),
    onCredentialFailure: (cause) => events.credentialsFailed(name, cause),
  });
  const storage = createObjectStorage({
    bucket,
    region,
    endpoint,
    forcePathStyle,
    credentials,
    // S3 says whole seconds.
    onServerDate: (dateMs) =>
      events.storageClockRead(name, dateMs - Math.floor(clock.wallMs() / 1000) * 1000),
    onOtherRegion: (told, signedFor) => events.storageElsewhere(name, told, signedFor),
  });
  return {
    destination: {
      name,
      policy,
      provider: PROVIDER_CAPABILITIES[spec.provider],
      presigner: countSignatures(name, presigner, events),
      storage: ports?.storage(name)(storage) ?? storage,
    },
    check: () => presigner.check(),
    [Symbol.dispose]: () => {
      storage.close();
      presigner.close();
    },
  };
}

/** What may be uploaded there. Throws an Error that names the destination when that cannot be used. */
export function uploadPolicyOf(spec: DestinationSettings): UploadPolicy {
  try {
    return createPolicy(spec);
  } catch (error) {
    throw named(spec.name, error);
  }
}

function createPolicy(spec: DestinationSettings): UploadPolicy {
  const { urlTtlMs, urlMaxTtlMs, activeContent, allowedAcls, allowedOverrides } = spec;
  return createUploadPolicy({
    ttlSeconds: Math.floor(urlTtlMs / 1000),
    maxTtlSeconds: urlMaxTtlMs === undefined ? undefined : Math.floor(urlMaxTtlMs / 1000),
    template: parseObjectKeyTemplate(spec.objectKeyTemplate, spec.keyPrefix),
    activeContent,
    allowedAcls,
    allowedOverrides,
  });
}

function dependency(name: string, check: () => Promise<string>): readonly [string, Dependency] {
  // Without a named destination the instance still serves the others.
  return name === DEFAULT_DESTINATION
    ? ['s3', { check, required: true }]
    : [`s3:${name}`, { check, required: false }];
}

/** The presigner, with everything that it has signed counted. */
function countSignatures(
  destination: string,
  presigner: S3Presigner,
  { presigned }: DestinationEvents,
): Presigner {
  const counted =
    <Plan, Signed>(
      kind: 'put' | 'form' | 'part' | 'get',
      sign: (plan: Plan, nowMs: number) => Signed | Promise<Signed>,
      countOf: (plan: Plan) => number = () => 1,
    ) =>
    (plan: Plan, nowMs: number): Signed | Promise<Signed> => {
      const count = (signed: Signed): Signed => {
        presigned(destination, kind, presigner.status().signer, countOf(plan));
        return signed;
      };
      const signed = sign(plan, nowMs);
      return signed instanceof Promise ? signed.then(count) : count(signed);
    };
  return {
    presignPut: counted('put', presigner.presignPut),
    presignForm: counted('form', presigner.presignForm),
    presignParts: counted('part', presigner.presignParts, ({ parts }) => parts.length),
    presignGet: counted('get', presigner.presignGet),
    publicUrl: presigner.publicUrl,
  };
}

function named(name: string, error: unknown): unknown {
  if (name === DEFAULT_DESTINATION || !(error instanceof Error)) return error;
  return new Error(`PRESIGND_DESTINATIONS.${name}: ${error.message}`, { cause: error });
}
