// Object tags: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
import { blame, type HeaderDraft } from './header-draft.ts';
import { percentEncode } from './header-value.ts';
import { OPTION_LIMITS } from './option-limits.ts';

/** The characters that AWS takes in tags. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const RESERVED = /^aws:/i;

export function draftTags(tags: Readonly<Record<string, string>>, draft: HeaderDraft): void {
  const entries = Object.entries(tags);
  if (entries.length > OPTION_LIMITS.tags) {
    blame(draft, 'tags', `must be at most ${OPTION_LIMITS.tags}, and are ${entries.length}`);
  }
  for (const [key, value] of entries) {
    const problem = problemOf(key, value);
    if (problem !== undefined) blame(draft, `tags[${JSON.stringify(key)}]`, problem);
  }
  if (draft.fields.length > 0) return;
  draft.headers['x-amz-tagging'] = entries
    .map(([key, value]) => `${percentEncode(key)}=${percentEncode(value)}`)
    .join('&');
}

function problemOf(key: string, value: string): string | undefined {
  const { tagKeyLength, tagValueLength } = OPTION_LIMITS;
  if (key === '' || key.length > tagKeyLength) return `must have a key of 1 to ${tagKeyLength} characters`;
  if (value.length > tagValueLength) return `must have a value of at most ${tagValueLength} characters`;
  if (RESERVED.test(key)) return 'must have a key that does not begin with aws:, which AWS keeps to itself';
  if (TAG_TEXT.test(key) && TAG_TEXT.test(value)) return undefined;
  return 'must consist of letters, digits, spaces and + - = . _ : / @';
}
