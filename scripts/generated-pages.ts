// The pages of docs/ that are made from the tables in the code.

import type { SettingRow } from '../src/config/setting-row.ts';
import { SETTINGS } from '../src/config/settings.ts';
import type { ReasonSpec } from '../src/fault/reason-spec.ts';
import { REASONS } from '../src/fault/reasons.ts';
import { destinationsPage } from './destinations-page.ts';
import { doctorPage } from './doctor-page.ts';
import { page, table } from './markdown.ts';

/** Every generated page, by its path in the repository. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', configurationPage()],
    ['docs/destinations.md', destinationsPage()],
    ['docs/doctor.md', doctorPage()],
    ['docs/errors.md', errorsPage()],
  ]);
}

function configurationPage(): string {
  const rows = Object.values<SettingRow<unknown>>(SETTINGS).map((row) => [
    `\`${row.name}\``,
    row.type.label,
    row.default === undefined ? '–' : row.default === '' ? 'empty' : `\`${row.default}\``,
    row.doc,
  ]);
  return page(
    'Configuration',
    `presignd is configured by environment variables. All problems are reported together when it starts, and a
\`PRESIGND_\` variable that does not exist is an error that suggests the near ones. Every variable \`NAME\` can be given
as \`NAME_FILE\` instead: the path of a file that holds the value, as container platforms mount secrets. An empty
variable counts as not set, an empty file is an error. What stands inside an object key template, an origin, a pepper,
the public base URL, the default rate plan or the bootstrap key is judged after the rest, one at a time. Further
destinations than the one of these settings are described in [destinations.md](destinations.md).

S3 credentials come from the AWS SDK's own chain: \`AWS_ACCESS_KEY_ID\` and \`AWS_SECRET_ACCESS_KEY\`, the shared config
files, web identity (IRSA), SSO, ECS and EC2 instance metadata. They are refreshed while the service runs.

\`presignd dev\` needs none of this: it brings its own bucket, credentials and key store.`,
    table(['Variable', 'Type', 'Default', 'Meaning'], rows),
  );
}

function errorsPage(): string {
  const rows = Object.entries<ReasonSpec>(REASONS).map(([reason, spec]) => [
    `\`${reason}\``,
    String(spec.status),
    `\`${spec.code}\``,
    spec.retryable ? 'yes' : 'no',
    spec.publicMessage,
    spec.doc,
  ]);
  return page(
    'Errors',
    `Every REST path answers errors in one envelope. \`details\` is there only where a field is to blame, \`requestId\` on
every 5xx; the \`X-Request-Id\` header is on every answer but those to what is no request to begin with: bytes that
cannot be parsed (400), headers that are too large (431) or too slow (408), and CONNECT (405) get a bare status.

\`\`\`json
{
  "error": "Bad Request",
  "message": "The request contains invalid parameters or malformed data",
  "code": 400,
  "details": [{ "field": "size", "message": "is required" }]
}
\`\`\`

Over Connect, gRPC and gRPC-Web the same errors carry the code below and \`google.rpc\` details: \`BadRequest\` for
fields, \`ErrorInfo\` with the reason (\`UNAUTHENTICATED\` for every \`KEY_…\`), \`RetryInfo\` with 429 and 503,
\`RequestInfo\` on faults of the server. A call to a REST path that sends \`Connect-Protocol-Version\` is answered in Connect's shape.

All refusals of an API key look alike to the caller; the log has the reason.`,
    table(['Reason', 'Status', 'Code', 'Retry', 'Message', 'Meaning'], rows),
  );
}
