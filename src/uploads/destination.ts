import type { ObjectStorage, Presigner } from './ports.ts';
import type { ProviderCapabilities } from './providers.ts';
import type { UploadPolicy } from './upload-policy.ts';

/** A place that uploads go to, by the name that callers have for it. */
export interface UploadDestination {
  readonly name: string;
  readonly policy: UploadPolicy;
  readonly provider: ProviderCapabilities;
  readonly presigner: Presigner;
  readonly storage: ObjectStorage;
}

/** The destinations of the settings by name; `default` is one of them. */
export type UploadDestinations = ReadonlyMap<string, UploadDestination>;
