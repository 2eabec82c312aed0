// Browser uploads by form: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
import { amzDateMs, resolveCredential, type Trust } from './credential-scope.ts';
import { S3Error } from './s3-error.ts';
import { isSameSignature, SIGNING_ALGORITHM, signature } from './sigv4.ts';

/** Form fields by lower-case name, with `${filename}` already replaced in the key. */
export type FormFields = ReadonlyMap<string, string>;

export interface SizeLimits {
  readonly minBytes: number;
  readonly maxBytes: number;
}

interface Policy {
  readonly expiresAtMs: number;
  readonly conditions: readonly Condition[];
}

type Condition =
  | {
      readonly kind: 'eq' | 'starts-with';
      readonly field: string;
      readonly value: string;
      readonly text: string;
    }
  | { readonly kind: 'content-length-range'; readonly limits: SizeLimits };

/** Fields that need no condition; so do those that start with `x-ignore-`. */
const EXEMPT_FIELDS = new Set(['policy', 'x-amz-signature', 'file']);

/**
 * Verifies that the policy of a form is signed, has not expired, and allows exactly this form.
 * @returns The limits that the policy sets on the size of the file.
 * @throws S3Error
 */
export function verifyPostPolicy(
  fields: FormFields,
  bucket: string,
  trust: Trust,
  nowMs: number,
): SizeLimits {
  const encodedPolicy = verifySignature(fields, trust);
  const policy = parsePolicy(Buffer.from(encodedPolicy, 'base64').toString('utf8'));
  if (nowMs > policy.expiresAtMs) throw refused('Policy expired.');
  let limits: SizeLimits = { minBytes: 0, maxBytes: Number.MAX_SAFE_INTEGER };
  const covered = new Set<string>();
  for (const condition of policy.conditions) {
    if (condition.kind === 'content-length-range') {
      limits = {
        minBytes: Math.max(limits.minBytes, condition.limits.minBytes),
        maxBytes: Math.min(limits.maxBytes, condition.limits.maxBytes),
      };
      continue;
    }
    covered.add(condition.field);
    // The bucket is where the form was sent to, whatever a field of that name says.
    const value = condition.field === 'bucket' ? bucket : fields.get(condition.field);
    if (!isMet(condition, value)) throw refused(`Policy Condition failed: ${condition.text}`);
  }
  for (const field of fields.keys()) {
    if (!covered.has(field) && !EXEMPT_FIELDS.has(field) && !field.startsWith('x-ignore-')) {
      throw refused(`Extra input fields: ${field}`);
    }
  }
  return limits;
}

/** @returns The policy as it was signed, in base64. */
function verifySignature(fields: FormFields, trust: Trust): string {
  const policy = fields.get('policy');
  if (policy === undefined) throw new S3Error('AccessDenied');
  if (fields.has('x-amz-security-token')) {
    throw new S3Error('InvalidToken', 'This development endpoint has no temporary credentials.');
  }
  if (fields.get('x-amz-algorithm') !== SIGNING_ALGORITHM) {
    throw new S3Error('InvalidRequest', `Only ${SIGNING_ALGORITHM} signatures are supported.`);
  }
  const [credential, amzDate, given] = ['x-amz-credential', 'x-amz-date', 'x-amz-signature'].map((name) =>
    fields.get(name),
  );
  if (!credential || !amzDate || !given) {
    throw new S3Error('InvalidArgument', 'The form needs X-Amz-Credential, X-Amz-Date and X-Amz-Signature.');
  }
  if (amzDateMs(amzDate) === undefined) {
    throw new S3Error('InvalidArgument', 'X-Amz-Date is not of the form 20130524T000000Z.');
  }
  const scoped = resolveCredential(credential, amzDate, trust, 'InvalidArgument');
  if (!isSameSignature(signature(scoped.secretAccessKey, scoped, policy), given)) {
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      AWSAccessKeyId: scoped.accessKeyId,
      StringToSign: policy,
    });
  }
  return policy;
}

function isMet(condition: Exclude<Condition, { kind: 'content-length-range' }>, value?: string): boolean {
  if (value === undefined) return false;
  if (condition.kind === 'eq') return value === condition.value;
  // A list of content types has to begin so in each of its entries.
  const entries =
    condition.field === 'content-type' ? value.split(',').map((entry) => entry.trim()) : [value];
  return entries.every((entry) => entry.startsWith(condition.value));
}

function parsePolicy(json: string): Policy {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    throw invalid('it is not JSON');
  }
  if (!isRecord(document)) throw invalid('it is not an object');
  const { expiration, conditions, ...others } = document;
  if (Object.keys(others).length > 0) throw invalid(`unknown member ${Object.keys(others)[0]}`);
  const isTimestamp = typeof expiration === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(expiration);
  const expiresAtMs = isTimestamp ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresAtMs)) throw invalid('expiration is not an ISO 8601 time in UTC');
  if (!Array.isArray(conditions)) throw invalid('conditions are not a list');
  return { expiresAtMs, conditions: conditions.flatMap(parseCondition) };
}

function parseCondition(condition: unknown): Condition[] {
  const text = JSON.stringify(condition);
  if (Array.isArray(condition)) {
    const [kind, first, second]: unknown[] = condition;
    if (condition.length !== 3) throw invalid(`condition ${text}`);
    if (kind === 'content-length-range') return [{ kind, limits: parseSizeLimits(first, second, text) }];
    if (kind !== 'eq' && kind !== 'starts-with') throw invalid(`condition ${text}`);
    if (typeof first !== 'string' || !first.startsWith('$') || typeof second !== 'string') {
      throw invalid(`condition ${text}`);
    }
    return [{ kind, field: first.slice(1).toLowerCase(), value: second, text }];
  }
  if (!isRecord(condition)) throw invalid(`condition ${text}`);
  return Object.entries(condition).map(([field, value]) => {
    if (typeof value !== 'string') throw invalid(`condition ${text}`);
    return {
      kind: 'eq',
      field: field.toLowerCase(),
      value,
      text: JSON.stringify(['eq', `$${field}`, value]),
    };
  });
}

function parseSizeLimits(first: unknown, second: unknown, text: string): SizeLimits {
  const [minBytes = Number.NaN, maxBytes = Number.NaN] = [first, second].map((bound) =>
    typeof bound === 'number' || (typeof bound === 'string' && /^\d+$/.test(bound))
      ? Number(bound)
      : Number.NaN,
  );
  if (
    !Number.isSafeInteger(minBytes) ||
    !Number.isSafeInteger(maxBytes) ||
    minBytes < 0 ||
    maxBytes < minBytes
  ) {
    throw invalid(`condition ${text}`);
  }
  return { minBytes, maxBytes };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(reason: string): S3Error {
  return new S3Error('InvalidPolicyDocument', `Invalid Policy: ${reason}.`);
}

function refused(reason: string): S3Error {
  return new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`);
}
