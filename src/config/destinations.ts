// Every place that uploads go to, complete: the default one from settings of its own, the named ones with what they
// leave out taken from there.
import { PROVIDER_CAPABILITIES, type Provider } from '../uploads/providers.ts';
import { DEFAULT_DESTINATION } from '../uploads/upload.ts';
import type { CredentialSettings } from './credential-settings.ts';
import type { DestinationFields } from './destination-fields.ts';
import type { Settings } from './settings.ts';
import { SettingsError } from './settings-error.ts';

/** A destination as the settings have it. */
export interface DestinationSettings {
  readonly name: string;
  readonly bucket: string;
  readonly provider: Provider;
  /** Undefined: the AWS SDK decides. */
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly publicEndpoint: string | undefined;
  readonly forcePathStyle: boolean;
  /** What every object key begins with: empty, or ends in a slash. */
  readonly keyPrefix: string;
  readonly publicBaseUrl: string | undefined;
  readonly urlTtlMs: number;
  readonly urlMaxTtlMs: number | undefined;
  readonly activeContent: Settings['activeContent'];
  readonly allowedAcls: readonly string[];
  readonly objectKeyTemplate: string;
  readonly allowedOverrides: Settings['downloadOverrides'];
  readonly credentials: CredentialSettings;
}

/** Settings that hold a bucket, and so a default destination. */
export type UploadSettings = Settings & { readonly bucket: string };

/**
 * All destinations, the default one first.
 *
 * @throws SettingsError when the default one's provider cannot be found without an endpoint
 */
export function destinationsFrom(settings: UploadSettings): readonly DestinationSettings[] {
  const named = [...settings.destinations].map(([name, fields]) => namedDestination(name, fields, settings));
  return [defaultDestination(settings), ...named];
}

function defaultDestination(settings: UploadSettings): DestinationSettings {
  const { s3Endpoint: endpoint, s3PublicEndpoint: publicEndpoint } = settings;
  const provider = settings.provider ?? usualProvider(endpoint ?? publicEndpoint);
  const { needsEndpoint, defaultRegion } = PROVIDER_CAPABILITIES[provider];
  if (needsEndpoint && endpoint === undefined)
    throw new SettingsError([`PRESIGND_S3_ENDPOINT must be set, as PRESIGND_PROVIDER is ${provider}`]);
  const { bucket, publicBaseUrl, urlTtlMs, urlMaxTtlMs, activeContent, allowedAcls } = settings;
  return {
    name: DEFAULT_DESTINATION,
    bucket,
    provider,
    region: settings.region ?? defaultRegion,
    endpoint,
    publicEndpoint,
    forcePathStyle: settings.s3ForcePathStyle,
    keyPrefix: settings.keyPrefix ?? '',
    publicBaseUrl,
    urlTtlMs,
    urlMaxTtlMs,
    activeContent,
    allowedAcls,
    objectKeyTemplate: settings.objectKeyTemplate,
    allowedOverrides: settings.downloadOverrides,
    credentials: { source: 'default' },
  };
}

function namedDestination(
  name: string,
  fields: DestinationFields,
  settings: UploadSettings,
): DestinationSettings {
  const { bucket, endpoint, publicEndpoint, publicBaseUrl, credentials } = fields;
  const provider = fields.provider ?? usualProvider(endpoint ?? publicEndpoint);
  return {
    name,
    bucket,
    provider,
    region: fields.region ?? PROVIDER_CAPABILITIES[provider].defaultRegion,
    endpoint,
    publicEndpoint,
    forcePathStyle: fields.forcePathStyle ?? false,
    keyPrefix: fields.prefix ?? '',
    publicBaseUrl,
    urlTtlMs: fields.urlTtl ?? settings.urlTtlMs,
    // A life of its own has a limit of its own.
    urlMaxTtlMs: fields.urlMaxTtl ?? (fields.urlTtl === undefined ? settings.urlMaxTtlMs : undefined),
    activeContent: fields.activeContent ?? settings.activeContent,
    allowedAcls: fields.allowedAcls ?? [],
    objectKeyTemplate: fields.objectKeyTemplate ?? settings.objectKeyTemplate,
    allowedOverrides: fields.allowedOverrides ?? settings.downloadOverrides,
    credentials,
  };
}

/** Whose S3 it most likely is: what has no endpoint is found by its region, as AWS is. */
function usualProvider(endpoint: string | undefined): Provider {
  return endpoint === undefined ? 'aws' : 'generic';
}
