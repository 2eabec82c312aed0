import type { S3Address } from './address.ts';
import type { SigningCredentials } from './credentials.ts';
import { formConditions } from './form-policy.ts';
import type { FormSigner } from './signer.ts';
import { createSigningCalendar } from './signing-day.ts';
import { ALGORITHM } from './sigv4.ts';

/** The only service that takes forms, and the only one that the AWS SDK signs them for. */
const SERVICE = 's3';

/** Signs POST policies with our own SigV4. Fields and conditions are in the order that the AWS SDK has them in. */
export function createNativeFormSigner(
  { bucket, region, formUrl }: S3Address,
  credentials: SigningCredentials,
): FormSigner {
  const { sessionToken } = credentials;
  const calendar = createSigningCalendar({ ...credentials, region, service: SERVICE });

  return (request, atMs, expiresSeconds) => {
    const now = calendar.dateAt(atMs);
    const today = calendar.dayOf(now);
    const signed = {
      ...request.fields,
      bucket,
      'X-Amz-Algorithm': ALGORITHM,
      'X-Amz-Credential': today.credential,
      'X-Amz-Date': now,
      ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
    };
    const exact = Object.entries({ ...signed, key: request.objectKey }).map(([name, value]) => ({
      [name]: value,
    }));
    const policy = JSON.stringify({
      expiration: policyDate(atMs + expiresSeconds * 1000),
      conditions: [...formConditions(request), ...exact],
    });
    const encoded = Buffer.from(policy).toString('base64');
    return {
      url: formUrl,
      fields: {
        ...signed,
        key: request.objectKey,
        Policy: encoded,
        'X-Amz-Signature': today.signatureOf(encoded),
      },
    };
  };
}

/** A moment as policies have it: ISO 8601 in UTC, without a fraction. */
function policyDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}/, '');
}
