// Judges uploads that were tried. Pure.
import type { DestinationSettings } from '../config/destinations.ts';
import { PROVIDER_CAPABILITIES } from '../uploads/providers.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { HttpOutcome } from './http-probe.ts';
import { awsCommand } from './remedies.ts';
import { errorCodeOf, errorMessageOf } from './s3-answer.ts';

export interface WriteObservation {
  /** Where the right upload went. */
  readonly objectKey: string;
  readonly upload: HttpOutcome;
  /** What follows is undefined where the right upload failed. */
  readonly wrongSize?: HttpOutcome | undefined;
  readonly unsigned?: HttpOutcome | undefined;
  /** The right upload, read without a signature. */
  readonly anonymousRead?: HttpOutcome | undefined;
  /** An upload to the same key that must not overwrite; undefined also where the provider has none. */
  readonly oneShot?: HttpOutcome | undefined;
  /** The object keys that could not be deleted, with S3's reason. */
  readonly left: readonly string[];
}

/** @param seen Undefined where nothing was tried. */
export function judgeWrites(
  spec: DestinationSettings,
  seen: WriteObservation | undefined,
): readonly Finding[] {
  const { oneShotPut, title, because } = PROVIDER_CAPABILITIES[spec.provider];
  const lacks = `not applicable: ${title} ${because.oneShotPut ?? 'has no such upload'}, so a request for it is refused`;
  const overwrite =
    oneShotPut === null
      ? [skipped('overwrite', lacks)]
      : seen?.oneShot === undefined
        ? []
        : [judgeOneShot(seen.oneShot)];
  if (seen === undefined) return overwrite;
  return [
    judgeUpload(spec, seen.upload),
    ...(seen.wrongSize === undefined ? [] : [judgeWrongSize(spec, seen.wrongSize)]),
    ...overwrite,
    ...(seen.unsigned === undefined ? [] : [judgeUnsigned(spec, seen.unsigned)]),
    judgeCleanup(spec, seen.left),
  ];
}

function judgeCleanup(spec: DestinationSettings, left: readonly string[]): Finding {
  if (left.length === 0) return ok('cleanup', 'nothing is left');
  const byHand = `${awsCommand(spec, 'delete-object')} --key KEY`;
  return warning(
    'cleanup',
    `could not be deleted: ${left.join('; ')}`,
    `Give the credentials s3:DeleteObject while --write is used, or: ${byHand}`,
  );
}

/** S3's words for a signature from another time, whose code is that of missing rights. */
const OTHER_TIME = /expired|not valid yet|not yet valid/i;
const SET_CLOCK = 'Set the clock of this machine: timedatectl set-ntp true';

function judgeUpload(spec: DestinationSettings, outcome: HttpOutcome): Finding {
  if (isTaken(outcome)) return ok('upload', 'a presigned PUT was taken');
  const [code, message] =
    'answer' in outcome ? [errorCodeOf(outcome.answer), errorMessageOf(outcome.answer)] : [];
  const fixes: Readonly<Record<string, string>> = {
    AccessDenied: OTHER_TIME.test(message ?? '')
      ? SET_CLOCK
      : `Give the credentials s3:PutObject on arn:aws:s3:::${spec.bucket}/*.`,
    SignatureDoesNotMatch:
      'Something between here and S3 rewrites the Host header: set the public endpoint to the host that S3 sees, or have the proxy pass it on.',
    RequestTimeTooSkewed: SET_CLOCK,
  };
  const why = message === undefined ? '' : ` (${message})`;
  return problem('upload', `a presigned PUT was not taken: ${outcomeText(outcome)}${why}`, fixes[code ?? '']);
}

function judgeWrongSize(spec: DestinationSettings, outcome: HttpOutcome): Finding {
  return isTaken(outcome)
    ? problem(
        'upload-size',
        'a PUT of one byte more than was signed was taken',
        `Do not give out URLs for ${spec.bucket}: this server does not enforce signed headers, or a proxy in front of it hides the length.`,
      )
    : ok('upload-size', `one byte more than was signed: ${outcomeText(outcome)}`);
}

function judgeOneShot(outcome: HttpOutcome): Finding {
  return isTaken(outcome)
    ? problem(
        'overwrite',
        'an upload that must not overwrite was taken for a key that there was',
        'Do not rely on overwrite: never with this server: it ignores the condition.',
      )
    : ok('overwrite', `where there is an object: ${outcomeText(outcome)}`);
}

function judgeUnsigned(spec: DestinationSettings, outcome: HttpOutcome): Finding {
  return isTaken(outcome)
    ? problem(
        'public-write',
        `anybody can upload to ${spec.bucket}`,
        `Take s3:PutObject for "*" out of: ${awsCommand(spec, 'get-bucket-policy')}`,
      )
    : ok('public-write', `without a signature: ${outcomeText(outcome)}`);
}

export function isTaken(outcome: HttpOutcome): boolean {
  return 'answer' in outcome && outcome.answer.status >= 200 && outcome.answer.status < 300;
}

function outcomeText(outcome: HttpOutcome): string {
  if (!('answer' in outcome)) return outcome.failure.text;
  const code = errorCodeOf(outcome.answer);
  return `${outcome.answer.status}${code === undefined ? '' : ` ${code}`}`;
}
