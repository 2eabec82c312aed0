// Decides what may be read. Pure.
import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { activeContentOf } from './active-content.ts';
import { contentRefused } from './active-headers.ts';
import { contentDisposition, DISPOSITIONS } from './content-disposition.ts';
import type { DecisionPlace } from './decide.ts';
import { ttlFor } from './decide.ts';
import { isHeaderValue } from './header-value.ts';
import { objectKeyHead, tellsOwner } from './object-key.ts';
import type { DownloadRequest } from './outcomes.ts';
import type { GetPlan } from './plan.ts';
import { effectivePrefix } from './prefix.ts';
import { type ObjectKey, URL_TTL_MIN_SECONDS } from './upload.ts';

/** An object to be read, and its type where that is known. */
export interface DownloadedObject {
  readonly objectKey: ObjectKey;
  readonly contentType: string | undefined;
}

/**
 * The key as one that the caller may read. A Fault OBJECT_FORBIDDEN for any that does not begin with the folder of the
 * caller's owner, and with the prefix of the key's policy within; POLICY_REFUSED for a destination that the policy lacks.
 */
export function readableKey(
  fileKey: string,
  { name, policy: { template } }: DecisionPlace,
  principal: Principal,
): ObjectKey | Fault {
  if (principal.policy?.destinations?.includes(name) === false) return new Fault('POLICY_REFUSED');
  const prefix = effectivePrefix(principal);
  if (prefix instanceof Fault) return prefix;
  if (!tellsOwner(template)) {
    const publicMessage = 'Object keys of this destination do not tell whose they are. Use the upload id';
    return new Fault('OBJECT_FORBIDDEN', { publicMessage });
  }
  // What a client on the way would resolve must not lead out of the folder.
  const head = objectKeyHead(template, principal.owner, prefix);
  const isPlain = fileKey.split('/').every((segment) => segment !== '.' && segment !== '..');
  return isPlain && fileKey.startsWith(head) ? (fileKey as ObjectKey) : new Fault('OBJECT_FORBIDDEN');
}

/** What will be signed for a read, or why nothing will: an INVALID_REQUEST, POLICY_REFUSED or CONTENT_REFUSED. */
export function decideDownload(
  request: DownloadRequest,
  object: DownloadedObject,
  { policy }: DecisionPlace,
  principal: Principal,
): GetPlan | Fault {
  const { contentType, contentDisposition: asked, filename, expiresInSeconds } = request;
  const refuse = (field: string, message: string) =>
    new Fault('INVALID_REQUEST', { fields: [{ field, message }] });
  const disposition = DISPOSITIONS.find((known) => known === asked);
  if (asked !== undefined && disposition === undefined)
    return refuse('contentDisposition', `must be ${DISPOSITIONS.join(' or ')}`);
  if (filename !== undefined && disposition === undefined)
    return refuse('filename', 'goes only with a contentDisposition');
  if (contentType !== undefined && !isHeaderValue(contentType))
    return refuse('contentType', 'must be legal as an HTTP header value');
  if (expiresInSeconds !== undefined && !isTtl(expiresInSeconds, policy.maxTtlSeconds))
    return refuse('expiresIn', `must be an integer from ${URL_TTL_MIN_SECONDS} to ${policy.maxTtlSeconds}`);
  for (const name of ['contentType', 'contentDisposition'] as const) {
    if (request[name] !== undefined && !policy.allowedOverrides.includes(name))
      return new Fault('POLICY_REFUSED', {
        publicMessage: `This destination does not let downloads override ${name}`,
        fields: [{ field: name, message: 'must be left out' }],
      });
  }
  const active = policy.activeContent === 'allow' ? undefined : unsafeOverride(request, object);
  if (active !== undefined) return active;
  const { objectKey } = object;
  const name = filename ?? objectKey.slice(objectKey.lastIndexOf('/') + 1);
  return {
    objectKey,
    ttlSeconds: ttlFor(expiresInSeconds, policy, [principal.policy]),
    overrides: {
      ...(disposition !== undefined && {
        'response-content-disposition': contentDisposition(disposition, name),
      }),
      ...(contentType !== undefined && { 'response-content-type': contentType }),
    },
  };
}

/** The refusal of an override that would have a browser execute what was stored so that none does. */
function unsafeOverride(
  { contentType, contentDisposition: asked, filename }: DownloadRequest,
  object: DownloadedObject,
): Fault | undefined {
  if (asked === 'attachment' || (asked === undefined && contentType === undefined)) return undefined;
  const type = contentType ?? object.contentType;
  const name = filename ?? object.objectKey;
  const active = type === undefined ? UNKNOWN_TYPE : activeContentOf(type, name);
  if (active === undefined) return undefined;
  const field = contentType === undefined ? 'contentDisposition' : 'contentType';
  return contentRefused(field, `Only as an attachment: this may be ${active.name}, and ${active.because}`);
}

const UNKNOWN_TYPE = {
  name: 'content of unknown type',
  because: 'only an upload id tells the stored type; give that, or a contentType',
};

function isTtl(seconds: number, maxSeconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= URL_TTL_MIN_SECONDS && seconds <= maxSeconds;
}
