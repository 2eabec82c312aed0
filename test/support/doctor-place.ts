// A bucket that nothing is wrong with, on the MinIO that test files share, and the doctor that looks at it.
import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { MinioAccess } from './minio-server.ts';
import { openS3Proxy } from './s3-proxy.ts';
import { type Environment, openSandbox, type Sandbox } from './sandbox.ts';

export const PAGE = 'https://app.example.com';

export interface FoundCheck {
  readonly subject: string;
  readonly id: string;
  readonly level: 'ok' | 'skipped' | 'warning' | 'problem';
  readonly seen: string;
  readonly why?: string;
  readonly fix?: string;
}

export interface Diagnosis {
  readonly code: number | null;
  readonly findings: readonly FoundCheck[];
  readonly changes: readonly { readonly id: string; readonly made: boolean; readonly what: string }[];
  /** What is to be mended, as `id level`. */
  readonly ailments: readonly string[];
  /** The one finding of that check. Throws where there is another number of them. */
  finding(id: string): FoundCheck;
}

export interface DoctorPlace extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly bucket: string;
  /** Where the settings say that S3 is: on loopback, the only place where http is well, wherever MinIO itself runs. */
  readonly endpoint: string;
  readonly client: S3Client;
  /** Runs `presignd doctor --json` with these options, and these settings in place of the good ones. */
  examine(args?: readonly string[], env?: Environment): Promise<Diagnosis>;
  objectKeys(): Promise<string[]>;
}

export async function openDoctorPlace(minio: MinioAccess): Promise<DoctorPlace> {
  const { region, accessKeyId, secretAccessKey } = minio;
  const proxy = await openS3Proxy(minio.endpoint);
  const endpoint = proxy.url;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint: minio.endpoint, region, credentials, forcePathStyle: true });
  const bucket = `doctor-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await client.send(
    new PutBucketPolicyCommand({ Bucket: bucket, Policy: publicPolicy(bucket, 's3:GetObject') }),
  );
  const rules = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }] };
  await client.send(
    new PutBucketEncryptionCommand({ Bucket: bucket, ServerSideEncryptionConfiguration: rules }),
  );
  const sandbox = await openSandbox({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    PRESIGND_BUCKET: bucket,
    PRESIGND_REGION: region,
    PRESIGND_PROVIDER: 'minio',
    PRESIGND_S3_ENDPOINT: endpoint,
    PRESIGND_S3_FORCE_PATH_STYLE: 'true',
    PRESIGND_PUBLIC_BASE_URL: `${endpoint}/${bucket}`,
    PRESIGND_CORS_ORIGINS: PAGE,
  });
  return {
    sandbox,
    bucket,
    endpoint,
    client,
    examine: (args, env) => examineIn(sandbox, args, env),
    objectKeys: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await sandbox[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Runs `presignd doctor --json`. Throws when it prints anything beside its findings. */
export async function examineIn(
  sandbox: Sandbox,
  args: readonly string[] = [],
  env: Environment = {},
): Promise<Diagnosis> {
  const { code, stdout, stderr } = await sandbox.run(['doctor', '--json', ...args], env);
  if (stderr !== '') throw new Error(`presignd doctor failed: ${stderr}`);
  return diagnosisFrom(code, stdout);
}

export function publicPolicy(bucket: string, ...actions: readonly string[]): string {
  const resources = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const statement = (Action: string) => ({
    Effect: 'Allow',
    Principal: { AWS: ['*'] },
    Action: [Action],
    Resource: [resources[Action === 's3:ListBucket' ? 0 : 1]],
  });
  return JSON.stringify({ Version: '2012-10-17', Statement: actions.map(statement) });
}

function diagnosisFrom(code: number | null, stdout: string): Diagnosis {
  const { findings, changes = [] } = JSON.parse(stdout) as Pick<Diagnosis, 'findings'> & Partial<Diagnosis>;
  return {
    code,
    findings,
    changes,
    ailments: findings
      .filter(({ level }) => level === 'warning' || level === 'problem')
      .map(({ id, level }) => `${id} ${level}`),
    finding(id) {
      const [found, ...others] = findings.filter((finding) => finding.id === id);
      if (found === undefined || others.length > 0) throw new Error(`not one finding of ${id}: ${stdout}`);
      return found;
    },
  };
}
