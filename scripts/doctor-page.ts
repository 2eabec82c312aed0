// docs/doctor.md, with the table of checks.
import type { CheckSpec } from '../src/doctor/check-spec.ts';
import { CHECKS } from '../src/doctor/checks.ts';
import { page, table } from './markdown.ts';

export function doctorPage(): string {
  const rows = Object.entries<CheckSpec>(CHECKS).map(([id, { about, why, writes }]) => [
    `\`${id}\``,
    writes ? `${about} (\`--write\`)` : about,
    why,
  ]);
  return page(
    'presignd doctor',
    `\`presignd doctor\` looks at everything that uploads depend on, from the machine and with the settings and credentials of
\`presignd serve\`: each destination, Redis and the key store. Each finding says what was seen, why it matters and what
mends it.

\`\`\`sh
npm run -s presignd -- doctor                                        # asks, and changes nothing
npm run -s presignd -- doctor --write                                # also uploads a few bytes, and deletes them again
npm run -s presignd -- doctor --origin https://app.example.com --fix # adds CORS and lifecycle rules that are lacking
npm run -s presignd -- doctor --json --destination avatars           # for programs; of one destination
npm run -s presignd -- doctor --print-cors --form r2                 # the CORS rule for a bucket, and nothing else
\`\`\`

| Exit code | Meaning |
| --- | --- |
| 0 | all is well; what was skipped or ignored does not count |
| 1 | there are warnings, and no problems |
| 2 | there are problems, or it was called wrongly |

- **It ends within seconds**, whatever hangs: every question has a time-out, and all destinations are asked at once. A
  check that another one stands in the way of is skipped, and names it.
- **Without \`--write\` nothing is written.** With it, clients are played through: a presigned PUT by the public endpoint,
  one of a wrong size, one without a signature, one that must not overwrite, and a read by the public base URL. The
  objects are below \`presignd-doctor/\`, behind the destination's prefix. It takes \`s3:PutObject\`, and \`s3:DeleteObject\`,
  which the service itself does not need.
- **Preflights are real ones**, for \`PUT\`, \`GET\` and, where the provider takes forms, \`POST\`, with each header that
  plans for the provider can have clients send. The ETag is looked for in the answer to an actual \`PUT\`; without
  \`--write\`, to one whose signature has expired, which S3 refuses.
- **\`--fix\` drops no rule.** It reads the rules that there are, puts its own in front of those of CORS, of which S3 goes
  by the first that fits, and behind those of the lifecycle, and prints what it put. Where the rules cannot be read, it
  changes nothing. It then looks again.
- **\`--ignore CHECKS\`** leaves findings out of the exit code that are as they are to be, such as \`encryption\` on a MinIO
  without a KMS.
- **What a server does not have is not applicable**, and no failure: MinIO has one CORS setting for all buckets
  (\`MINIO_API_CORS_ALLOW_ORIGIN\`) and ends forgotten uploads by itself; R2 does the latter, too.
- **No secret is printed**: of an access key the first and last four characters, of URLs of Redis and Postgres the host.

Its own rights, where they go beyond those of the service: \`s3:ListBucket\`, \`s3:GetBucketCORS\`,
\`s3:GetLifecycleConfiguration\`, \`s3:GetBucketPolicyStatus\` and \`s3:GetEncryptionConfiguration\`; for \`--fix\`
\`s3:PutBucketCORS\` and \`s3:PutLifecycleConfiguration\`. What it may not ask, it skips.`,
    table(['Check', 'Looks whether', 'Why it matters'], rows),
  );
}
