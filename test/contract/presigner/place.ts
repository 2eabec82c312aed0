// Where the presigners of the contract sign, when, and with what.
import type { CredentialProvider } from '../../../src/s3/credentials.ts';
import type { Presigner } from '../../../src/uploads/ports.ts';

export const PRESIGNER_PLACE = {
  bucket: 'examplebucket',
  region: 'eu-central-1',
  endpoint: 'https://s3.example.com:8443/base',
  forcePathStyle: true,
} as const;

export const PRESIGNER_NOW_MS = Date.UTC(2026, 6, 1, 23, 59, 59, 999);

/** Signatures are dated to the second. */
export const DATE_MS = PRESIGNER_NOW_MS - 999;
export const OBJECT_URL = 'https://s3.example.com:8443/base/examplebucket';
export const IDENTITY = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'do-not-tell',
  sessionToken: 'session/+=',
};
export const CREDENTIAL = 'AKIAEXAMPLE/20260701/eu-central-1/s3/aws4_request';

export interface ClosablePresigner extends Presigner {
  close(): void;
}

export type OpenPresigner = (credentials: CredentialProvider) => Promise<ClosablePresigner>;
