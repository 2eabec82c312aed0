import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { environment, loadSettings } from '../config/load-settings.ts';
import { duration } from '../config/value-types.ts';
import { abortRule } from '../doctor/remedies.ts';
import { Fault } from '../fault/fault.ts';
import type { UploadDestination } from '../uploads/destination.ts';
import { findOrphans } from '../uploads/orphans.ts';
import { durationText } from './amounts.ts';
import { type Command, type CommandContext, isOn, readOption } from './command.ts';
import { examplesHelp } from './connection.ts';
import { chosenDestinations } from './destination-option.ts';
import { JSON_OPTION, printJson, timeText, wantsJson } from './output.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';

const AGE = duration('1m', '3650d');
const DAY_MS = 86_400_000;

/** An upload in parts that nobody has ended. */
interface Orphan {
  readonly destination: string;
  readonly fileKey: string;
  readonly s3UploadId: string;
  /** RFC 3339, in UTC. */
  readonly initiatedAt: string;
  readonly aborted: boolean;
}

interface Sweep {
  readonly olderThanMs: number;
  readonly nowMs: number;
  readonly abort: boolean;
  readonly stop: AbortSignal;
}

export const janitor: Command = {
  options: {
    'older-than': { value: 'DURATION', doc: 'Only those begun longer ago than that. [PRESIGND_UPLOAD_TTL]' },
    destination: { value: 'NAME', doc: 'Only those of this destination. [all]' },
    abort: { doc: 'Abort them. S3 then frees their parts, and they cannot be completed any more.' },
    ...JSON_OPTION,
  },
  details: () =>
    [
      'S3 keeps the parts of an upload, and bills them, until it is completed or aborted. Without --abort, nothing is',
      'changed. Only keys count that the object key template makes: other uploads to the bucket stay as they are.',
      'It needs the settings of `presignd serve`, and credentials that may s3:ListBucketMultipartUploads and',
      's3:AbortMultipartUpload.',
      '',
      'S3 can do the same by itself, with this rule among those of the lifecycle of the bucket:',
      '',
      `  ${JSON.stringify(abortRule(7))}`,
      '',
      'MinIO does not list them by prefix: with PRESIGND_KEY_PREFIX this finds none there. It ends them itself after a day.',
      ...examplesHelp('janitor', 'janitor --older-than 14d --destination default --abort'),
    ].join('\n'),
  run: async (context) => {
    const settings = loadSettings(environment(), ['bucket']);
    const sweep: Sweep = {
      olderThanMs: ageOption(context) ?? settings.uploadTtlMs,
      nowMs: Date.now(),
      abort: isOn(context, 'abort'),
      stop: context.stop,
    };
    const { openDestinations } = await import('../open-destinations.ts');
    const ignore = () => {};
    const events = {
      presigned: ignore,
      signerChosen: ignore,
      credentialsFailed: ignore,
      storageClockRead: ignore,
      storageElsewhere: ignore,
    };
    await using opened = await openDestinations(settings, { events });
    const orphans: Orphan[] = [];
    const failures: string[] = [];
    for (const destination of chosenDestinations(context, [...opened.destinations.values()])) {
      try {
        for await (const orphan of swept(destination, sweep)) orphans.push(orphan);
      } catch (error) {
        failures.push(failureText(destination, error));
      }
    }
    report(context, orphans, sweep);
    for (const failure of failures) console.error(printable(failure));
    return failures.length > 0 ? 1 : 0;
  },
};

async function* swept(
  { name, storage, policy }: UploadDestination,
  { olderThanMs, nowMs, abort, stop }: Sweep,
): AsyncGenerator<Orphan, void, undefined> {
  for await (const upload of findOrphans(storage, { template: policy.template, olderThanMs, nowMs })) {
    if (stop.aborted) return;
    const { objectKey, s3UploadId, initiatedAtMs } = upload;
    if (abort) await storage.abortMultipartUpload(objectKey, s3UploadId);
    const initiatedAt = new Date(initiatedAtMs).toISOString();
    yield { destination: name, fileKey: objectKey, s3UploadId, initiatedAt, aborted: abort };
  }
}

/** The rows on stdout, for people and for programs; on the other stream, what they come to. */
function report(context: CommandContext, orphans: readonly Orphan[], { abort, olderThanMs }: Sweep): void {
  if (wantsJson(context)) {
    printJson(orphans);
    return;
  }
  if (orphans.length > 0) {
    console.log(
      table(
        ['DESTINATION', 'BEGUN', 'OBJECT KEY', 'S3 UPLOAD ID'],
        orphans.map(({ destination, initiatedAt, fileKey, s3UploadId }) => [
          destination,
          timeText(timestampFromMs(Date.parse(initiatedAt))),
          fileKey,
          s3UploadId,
        ]),
      ),
    );
  }
  const what = `${orphans.length} ${orphans.length === 1 ? 'upload' : 'uploads'}`;
  const age = durationText(olderThanMs / 1_000);
  if (abort) console.error(`Aborted ${what} older than ${age}.`);
  else console.error(`Found ${what} older than ${age}. Nothing was changed; --abort aborts them.`);
  const days = Math.max(1, Math.ceil(olderThanMs / DAY_MS));
  console.error(`A lifecycle rule of the bucket has S3 do it by itself: ${JSON.stringify(abortRule(days))}`);
}

function ageOption(context: CommandContext): number | undefined {
  return readOption(context, 'older-than', 'a duration from 1m, such as 7d', (text) => {
    try {
      return AGE.read(text);
    } catch {
      return undefined;
    }
  });
}

function failureText({ name }: UploadDestination, error: unknown): string {
  if (!(error instanceof Fault)) throw error;
  const { publicMessage, cause } = error;
  return `${name}: ${publicMessage}${cause instanceof Error ? ` (${cause.message})` : ''}`;
}
