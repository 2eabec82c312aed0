import type { Sdk } from './sdk.ts';

/** What a request is signed with. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken: string | undefined;
  /** Wall-clock milliseconds; null for credentials that do not expire. */
  readonly expiresAtMs: number | null;
}

/** Credentials as the AWS SDK's providers answer them. */
export interface CredentialIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Finds credentials. With `forceRefresh` it asks the source again, whatever it remembers. */
export type CredentialProvider = (options?: {
  readonly forceRefresh?: boolean;
}) => Promise<CredentialIdentity>;

/** The longest part of a provider's own message that is passed on. */
const MESSAGE_MAX_LENGTH = 200;

/** The AWS SDK's default chain: environment, shared files, SSO, processes, web identity, containers, instances. */
export function defaultCredentialProvider(sdk: Sdk, region: string): CredentialProvider {
  const { credentials } = new sdk.S3Client({ region }).config;
  return (options) => credentials(options);
}

/** Fresh credentials from the provider. Rejects with an Error that quotes nothing secret. */
export async function loadCredentials(provider: CredentialProvider): Promise<SigningCredentials> {
  const identity = await provider({ forceRefresh: true }).catch((error: unknown) => {
    throw providerError(error);
  });
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = identity;
  const expiresAtMs = expiration === undefined ? null : expiration.getTime();
  if (!accessKeyId || !secretAccessKey || Number.isNaN(expiresAtMs)) {
    throw new Error('the credential provider answered incomplete credentials');
  }
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined, expiresAtMs };
}

export function areSameKeys(a: SigningCredentials, b: SigningCredentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  );
}

/**
 * The error without what a provider may have quoted: parsers show pieces of the answer they could not read, and a
 * failed credential process its command line.
 */
function providerError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('the credential provider failed');
  const firstLine = error.message.split('\n', 1)[0] ?? '';
  const quotes = error instanceof SyntaxError || /JSON|Command failed/i.test(firstLine);
  return new Error(
    `the credential provider failed: ${error.name}${quotes ? '' : `: ${firstLine.slice(0, MESSAGE_MAX_LENGTH)}`}`,
  );
}
