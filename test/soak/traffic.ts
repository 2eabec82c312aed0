import { setTimeout as delay } from 'node:timers/promises';
import { isMessage } from '@bufbuild/protobuf';
import { ApiKeyService, IssuedApiKeySchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { CreateUploadResponseSchema } from '../../gen/upload/v1/upload_pb.js';
import { CreateS3UploadResponseSchema, UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { Caller } from './caller.ts';
import type { SoakFleet } from './fleet.ts';
import type { Tally } from './tally.ts';

export interface TrafficOptions {
  readonly fleet: SoakFleet;
  readonly caller: Caller;
  readonly tally: Tally;
  readonly random: () => number;
  /** The administrator's key. */
  readonly admin: string;
  /** Keys that every instance knows. */
  readonly known: readonly string[];
}

/** What is promised, and half as much for a machine that has other things to do. */
const REVOCATION_MAX_MS = 1_500;
const GIVE_UP_MS = 20_000;
const PAUSE_MS = 20;
const FILE = { filename: 'soak.txt', contentType: 'text/plain' };
const CONTENT = Buffer.from('what is soaked');
const MIB = 1024 * 1024;

const uploads = UploadService.method;
const keys = ApiKeyService.method;

/** One after the other until it is over: mostly uploads, now and then everything else. */
export async function runTraffic(options: TrafficOptions, isOver: () => boolean): Promise<void> {
  const { random } = options;
  while (!isOver()) {
    let draw = random();
    const action = ACTIONS.find(([share]) => {
      draw -= share;
      return draw < 0;
    });
    await action?.[1](options);
    await delay(PAUSE_MS * random());
  }
}

/** Has every instance know every key, as instances do that have been in use for a while. */
export async function warmUp({ caller, fleet, known }: TrafficOptions): Promise<void> {
  for (const node of fleet.nodes) {
    for (const token of known) {
      for (let code = ''; code !== 'ok'; ) {
        code = await caller.codeOf(keys.whoAmI, {}, token, node);
        if (code === 'connection' && !node.isRunning())
          throw new Error(`${node.name} ended: ${node.program?.output().slice(-3_000)}`);
        await delay(PAUSE_MS);
      }
    }
  }
}

type Action = (options: TrafficOptions) => Promise<void>;

function someKey({ known, random }: TrafficOptions): string {
  return known[Math.floor(random() * known.length)] ?? '';
}

/** Asks for an upload; now and then sends it, and first something that was not allowed. */
const upload: Action = async (options) => {
  const { caller, tally, random } = options;
  const answer = await caller.call(
    'CreateS3Upload',
    uploads.createS3Upload,
    { ...FILE, size: BigInt(CONTENT.length) },
    someKey(options),
  );
  if (random() > 0.05 || !isMessage(answer, CreateS3UploadResponseSchema)) return;
  const { uploadUrl, headers } = answer;
  const longer = { ...headers, 'content-length': String(CONTENT.length + 1) };
  const forbidden = { method: 'PUT', headers: longer, body: Buffer.concat([CONTENT, Buffer.of(0)]) };
  const refused = await caller.toS3('forbidden PUT to S3', uploadUrl, forbidden);
  if (refused === 403) tally.uploaded('refused');
  else if (refused !== undefined) tally.failed({ what: `forbidden PUT: ${refused}`, because: undefined });
  const stored = await caller.toS3('PUT to S3', uploadUrl, { method: 'PUT', headers, body: CONTENT });
  if (stored === 200) tally.uploaded('stored');
  else if (stored !== undefined) tally.failed({ what: `PUT: ${stored}`, because: undefined });
};

/** From plan to object. */
const track: Action = async (options) => {
  const { caller, tally } = options;
  const token = someKey(options);
  const init = { ...FILE, size: BigInt(CONTENT.length), kind: 'put' };
  const plan = await caller.call('CreateUpload', uploads.createUpload, init, token);
  if (!isMessage(plan, CreateUploadResponseSchema) || plan.plan.case !== 'put') return;
  const { url, headers } = plan.plan.value;
  const stored = await caller.toS3('PUT to S3', url, { method: 'PUT', headers, body: CONTENT });
  if (stored === undefined) return;
  if (stored === 200) tally.uploaded('stored');
  else tally.failed({ what: `PUT: ${stored}`, because: undefined });
  await caller.call('CompleteUpload', uploads.completeUpload, { uploadId: plan.uploadId }, token);
  await caller.call('GetUpload', uploads.getUpload, { uploadId: plan.uploadId }, token);
};

const multipart: Action = async (options) => {
  const { caller } = options;
  const token = someKey(options);
  const init = { ...FILE, size: BigInt(12 * MIB), kind: 'multipart', partSize: BigInt(5 * MIB) };
  const plan = await caller.call('CreateMultipart', uploads.createUpload, init, token);
  if (!isMessage(plan, CreateUploadResponseSchema)) return;
  const { uploadId } = plan;
  await caller.call('SignParts', uploads.signParts, { uploadId, ranges: [{ first: 1, last: 3 }] }, token);
  await caller.call('ListParts', uploads.listParts, { uploadId }, token);
  await caller.call('AbortUpload', uploads.abortUpload, { uploadId }, token);
};

const batch: Action = async (options) => {
  const file = { ...FILE, size: 42n };
  const init = { uploads: [file, file, file] };
  await options.caller.call('BatchCreateUploads', uploads.batchCreateUploads, init, someKey(options));
};

const list: Action = async ({ caller, admin }) => {
  await caller.call('ListApiKeys', keys.listApiKeys, { page: 1, perPage: 10 }, admin);
};

const whoAmI: Action = async (options) => {
  await options.caller.call('WhoAmI', keys.whoAmI, {}, someKey(options));
};

/** Makes a key, uses it everywhere, revokes it at one instance, and looks how long others take it. */
const revoke: Action = async (options) => {
  const { caller, admin, fleet } = options;
  const made = await caller.call(
    'CreateApiKey',
    keys.createApiKey,
    { name: 'soak', scopes: ['uploads:create'] },
    admin,
  );
  if (!isMessage(made, IssuedApiKeySchema)) return;
  const { id, apiKey } = made;
  const nodes = fleet.nodes.filter(({ isInRotation }) => isInRotation);
  for (const node of nodes) await caller.codeOf(keys.whoAmI, {}, apiKey, node);
  const revoked = await caller.call('RevokeApiKey', keys.revokeApiKey, { keyId: id }, admin);
  if (revoked === undefined) return;
  const atMs = performance.now();
  await Promise.all(nodes.map((node) => watchRevocation(options, apiKey, node, atMs)));
};

async function watchRevocation(
  { caller, tally }: TrafficOptions,
  token: string,
  node: TrafficOptions['fleet']['nodes'][number],
  atMs: number,
): Promise<void> {
  let lastTakenMs = 0;
  for (;;) {
    const sentMs = performance.now() - atMs;
    const code = await caller.codeOf(keys.whoAmI, {}, token, node);
    // An instance that went away in the meantime takes nothing any more.
    if (!node.isInRotation || code === 'connection') return;
    if (code === 'ok') lastTakenMs = sentMs;
    if (code !== 'ok' || sentMs > GIVE_UP_MS) break;
  }
  tally.revoked(lastTakenMs);
  if (lastTakenMs <= REVOCATION_MAX_MS) return;
  const what = `a key was taken longer than ${REVOCATION_MAX_MS} ms after its revocation`;
  tally.failed({ what, because: undefined });
}

const ACTIONS: readonly (readonly [share: number, action: Action])[] = [
  [0.6, upload],
  [0.06, track],
  [0.06, multipart],
  [0.1, batch],
  [0.06, list],
  [0.08, whoAmI],
  [0.04, revoke],
];
