// The methods of upload.v1.UploadService that take many items.
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { BatchCreateDownloadsRequestSchema } from '../../gen/upload/v1/download_pb.js';
import { BatchCreateUploadsRequestSchema } from '../../gen/upload/v1/upload_pb.js';
import type { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { Uploads } from '../uploads/uploads.ts';
import { type BatchDeps, runBatch } from './batch.ts';
import { callerOf, callOf } from './call.ts';
import { timeLeftOf } from './deadline.ts';
import { downloadRequestFrom, issuedDownloadMessage } from './download-message.ts';
import { createdUploadMessage, planRequestFrom } from './plan-message.ts';
import { itemListOf } from './validated-items.ts';

type Batches = Pick<ServiceImpl<typeof UploadService>, 'batchCreateUploads' | 'batchCreateDownloads'>;

const UPLOADS = itemListOf(BatchCreateUploadsRequestSchema, 'uploads');
const DOWNLOADS = itemListOf(BatchCreateDownloadsRequestSchema, 'downloads');

export function createUploadBatches(uploads: Uploads, deps: BatchDeps): Batches {
  return {
    batchCreateUploads: async ({ uploads: items }, context: HandlerContext) => {
      const { values } = context;
      const timeLeft = timeLeftOf(context);
      const principal = callerOf(values);
      const { idempotencyKey } = callOf(values);
      const outcomes = await runBatch({ list: UPLOADS, items, values, timeLeft }, deps, async (item, index) =>
        createdUploadMessage(
          await uploads.create(planRequestFrom(item), principal, itemKey(idempotencyKey, index), timeLeft),
        ),
      );
      return {
        results: outcomes.map((outcome) => ({
          result: outcome.case === 'done' ? { case: 'upload', value: outcome.value } : outcome,
        })),
      };
    },

    batchCreateDownloads: async ({ downloads: items }, context: HandlerContext) => {
      const { values } = context;
      const principal = callerOf(values);
      const outcomes = await runBatch(
        { list: DOWNLOADS, items, values, timeLeft: timeLeftOf(context) },
        deps,
        async (item) =>
          issuedDownloadMessage(await uploads.createDownload(downloadRequestFrom(item), principal)),
      );
      return {
        results: outcomes.map((outcome) => ({
          result: outcome.case === 'done' ? { case: 'download', value: outcome.value } : outcome,
        })),
      };
    },
  };
}

/** Each item's own. No header holds a line break, so that it is nobody else's. */
function itemKey(idempotencyKey: string | undefined, index: number): string | undefined {
  return idempotencyKey && `${idempotencyKey}\n${index}`;
}
