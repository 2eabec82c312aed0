// What the settings of a destination are called, where something is to be changed. Pure.
import { DEFAULT_DESTINATION } from '../uploads/upload.ts';

const NAMES = {
  bucket: 'PRESIGND_BUCKET',
  region: 'PRESIGND_REGION',
  provider: 'PRESIGND_PROVIDER',
  endpoint: 'PRESIGND_S3_ENDPOINT',
  publicEndpoint: 'PRESIGND_S3_PUBLIC_ENDPOINT',
  forcePathStyle: 'PRESIGND_S3_FORCE_PATH_STYLE',
  publicBaseUrl: 'PRESIGND_PUBLIC_BASE_URL',
} as const;

/** The variable of the default destination, or the field of a named one with its path. */
export function settingName(destination: string, field: keyof typeof NAMES): string {
  return destination === DEFAULT_DESTINATION ? NAMES[field] : `PRESIGND_DESTINATIONS.${destination}.${field}`;
}

/** The setting with a value, as it is pasted. */
export function settingLine(destination: string, field: keyof typeof NAMES, value: string | boolean): string {
  return destination === DEFAULT_DESTINATION
    ? `${NAMES[field]}=${value}`
    : `in PRESIGND_DESTINATIONS: {"${destination}": {"${field}": ${JSON.stringify(value)}}}`;
}
