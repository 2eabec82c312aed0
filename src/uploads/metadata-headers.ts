// User metadata: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
import { blame, type HeaderDraft } from './header-draft.ts';
import { headerTextFrom, isToken } from './header-value.ts';
import { OPTION_LIMITS } from './option-limits.ts';

const PREFIX = 'x-amz-meta-';

export function draftMetadata(metadata: Readonly<Record<string, string>>, draft: HeaderDraft): void {
  let bytes = 0;
  for (const [name, text] of Object.entries(metadata)) {
    const header = PREFIX + name.toLowerCase();
    const problem =
      problemOf(name, text) ?? (header in draft.headers ? 'is there in another case too' : undefined);
    if (problem !== undefined) {
      blame(draft, `metadata[${JSON.stringify(name)}]`, problem);
      continue;
    }
    const value = headerTextFrom(text);
    draft.headers[header] = value;
    bytes += name.length + value.length;
  }
  if (bytes > OPTION_LIMITS.metadataBytes) {
    const limit = `at most ${OPTION_LIMITS.metadataBytes}`;
    blame(draft, 'metadata', `must have ${limit} bytes, names and values as they are sent, and has ${bytes}`);
  }
}

function problemOf(name: string, text: string): string | undefined {
  if (!isToken(name)) return "must have a name of letters, digits and !#$%&'*+-.^_`|~";
  if (name.toLowerCase().startsWith(PREFIX)) return `must be named without ${PREFIX}, which is added`;
  if (text === '') return 'must not be empty';
  if (!text.isWellFormed()) return 'must be valid Unicode';
  return /\p{Cc}/u.test(text) ? 'must not contain control characters' : undefined;
}
