// Credentials from other places than the AWS SDK's default chain, as providers like its own.
import { readFile } from 'node:fs/promises';
import type { CredentialIdentity, CredentialProvider } from './credentials.ts';

/** Where credentials come from. */
export type CredentialSource =
  /** The AWS SDK's default chain. */
  | { readonly source: 'default' }
  | { readonly source: 'profile'; readonly profile: string }
  | {
      readonly source: 'static';
      readonly accessKeyId: string;
      /** Asked anew for each renewal. */
      readonly secretAccessKey: { reveal(): string };
      readonly sessionToken: { reveal(): string } | undefined;
    }
  | { readonly source: 'file'; readonly path: string };

/** The provider for the source; undefined for the AWS SDK's default chain. */
export function credentialProviderFor(source: CredentialSource): CredentialProvider | undefined {
  if (source.source === 'default') return undefined;
  if (source.source === 'profile') return profileProvider(source.profile);
  if (source.source === 'file') return () => identityFromFile(source.path);
  const { accessKeyId, secretAccessKey, sessionToken } = source;
  return async () => ({
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken && { sessionToken: sessionToken.reveal() }),
  });
}

/** Not the default chain with a profile: where the profile is missing, that goes on to the next source. */
function profileProvider(profile: string): CredentialProvider {
  return async () => {
    const { fromIni } = await import('@aws-sdk/credential-provider-ini');
    return fromIni({ profile, ignoreCache: true })();
  };
}

/** Rejects with an Error that quotes nothing of the file but its path. */
async function identityFromFile(path: string): Promise<CredentialIdentity> {
  const content: unknown = JSON.parse(await readFile(path, 'utf8'));
  const fields: Readonly<Record<string, unknown>> = { ...(typeof content === 'object' ? content : {}) };
  const text = (name: string): string | undefined => {
    const value = fields[name];
    if (value === undefined || typeof value === 'string') return value || undefined;
    throw new Error(`${name} in ${path} must be a text`);
  };
  const present = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new Error(`${path} must have ${name}`);
    return value;
  };
  const sessionToken = text('sessionToken');
  const expiration = text('expiration');
  return {
    accessKeyId: present('accessKeyId'),
    secretAccessKey: present('secretAccessKey'),
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiration !== undefined && { expiration: new Date(expiration) }),
  };
}
