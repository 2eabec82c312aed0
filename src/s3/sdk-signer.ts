import { setImmediate } from 'node:timers/promises';
import type { PutObjectCommand } from '@aws-sdk/client-s3';
import type { SigningCredentials } from './credentials.ts';
import type { Destination } from './destination.ts';
import { getObjectInput } from './get-input.ts';
import { putObjectInput, uploadPartInput } from './put-input.ts';
import type { Sdk } from './sdk.ts';
import { createSigningClient } from './sdk-client.ts';
import type { PutRequest, UrlSigner } from './signer.ts';

/** The SDK leaves these headers unsigned unless it is asked to sign them. */
const UNSIGNED_HEADERS = ['content-type', 'cache-control'];

/** How many parts are signed before others get a turn: each takes the SDK about half a millisecond. */
const PARTS_PER_TURN = 20;

/** Google's headers for what S3 has no header for. The SDK has no members for them. */
const GOOGLE_PREFIX = 'x-goog-';

/**
 * Signs with the AWS SDK's `S3RequestPresigner`, behind `getSignedUrl`, so that the address, the serialisation and the
 * signature are all the SDK's: the oracle of the native signer and its stand-in.
 */
export function createSdkUrlSigner(
  sdk: Sdk,
  destination: Destination,
  credentials: SigningCredentials,
): UrlSigner {
  const { bucket } = destination;
  const client = createSigningClient(sdk, destination, credentials);
  return {
    put: (request, ...when) =>
      sdk.getSignedUrl(client, putCommand(sdk, bucket, request), optionsFor(request.headers, ...when)),
    parts: async (request, ...when) => {
      const urls: string[] = [];
      for (const part of request.parts) {
        const command = new sdk.UploadPartCommand(uploadPartInput(bucket, request, part));
        urls.push(await sdk.getSignedUrl(client, command, optionsFor(part.headers, ...when)));
        if (urls.length % PARTS_PER_TURN === 0) await setImmediate();
      }
      return urls;
    },
    get: (request, ...when) =>
      sdk.getSignedUrl(
        client,
        new sdk.GetObjectCommand(getObjectInput(bucket, request)),
        optionsFor({}, ...when),
      ),
  };
}

function optionsFor(headers: Readonly<Record<string, string>>, atMs: number, expiresSeconds: number) {
  return {
    signingDate: new Date(atMs),
    expiresIn: expiresSeconds,
    // Only those that are asked for: a type that the SDK makes up for a part would have to be sent.
    signableHeaders: new Set(UNSIGNED_HEADERS.filter((name) => name in headers)),
    // Moved into the query, S3 would not hold the upload to them: checksums and tags are ignored there.
    unhoistableHeaders: new Set(Object.keys(headers).filter((name) => name.startsWith('x-amz-'))),
  };
}

function putCommand(sdk: Sdk, bucket: string, request: PutRequest): PutObjectCommand {
  const { 'content-length': length, 'content-type': type, ...others } = request.headers;
  const google: [string, string][] = [];
  const known: [string, string][] = [];
  for (const header of Object.entries(others))
    (header[0].startsWith(GOOGLE_PREFIX) ? google : known).push(header);
  const headers = { 'content-length': length, 'content-type': type, ...Object.fromEntries(known) };
  const command = new sdk.PutObjectCommand(putObjectInput(bucket, { ...request, headers }));
  if (google.length > 0) {
    command.middlewareStack.add(
      (next) => (args) => {
        const { request: sent } = args;
        if (sent instanceof Object && 'headers' in sent) {
          Object.assign(sent.headers ?? {}, Object.fromEntries(google));
        }
        return next(args);
      },
      { step: 'build' },
    );
  }
  return command;
}
