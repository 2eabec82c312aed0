// The template of object keys: parsed and checked once, at start. Pure.
import { NAME_MAX_BYTES, OWNER_MAX_BYTES } from './safe-segment.ts';
import { KEY_PREFIX_MAX_BYTES, OBJECT_KEY_MAX_BYTES } from './upload.ts';

/** The longest text between two slashes: what file systems, and so MinIO, can store as one name. */
const SEGMENT_MAX_BYTES = 255;

/** Each placeholder with the longest value that it can take, from which the length of every key is known. */
const PLACEHOLDERS = {
  owner: 'o'.repeat(OWNER_MAX_BYTES),
  uuid: 'u'.repeat(36),
  date: 'YYYY/MM/DD',
  name: 'n'.repeat(NAME_MAX_BYTES),
} as const satisfies Record<string, string>;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** One value for each placeholder. */
export type TemplateValues = Readonly<Record<Placeholder, string>>;

type TemplatePart = { readonly literal: string } | { readonly placeholder: Placeholder };

/** A template that makes nothing but legal keys, given values within their limits. */
export interface ObjectKeyTemplate {
  readonly parts: readonly TemplatePart[];
  /**
   * Before which part the prefix of a key's policy goes: behind the owner's folder, so that no owner gets into
   * another's, or at the front of a template without one.
   */
  readonly prefixAt: number;
}

/** A template that cannot be used. `problems` has each thing that is wrong with it, for people. */
export class InvalidTemplateError extends Error {
  override readonly name = 'InvalidTemplateError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`invalid object key template: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/**
 * Parses a template such as `{owner}/{date}/{uuid}/{name}`. Throws an InvalidTemplateError with all problems.
 *
 * @param folder What stands in front of all: empty, or ends in a slash.
 */
export function parseObjectKeyTemplate(text: string, folder = ''): ObjectKeyTemplate {
  const tokens = text.split(/(\{[^{}]*\})/).filter((token) => token !== '');
  const parts = tokens.map((token): TemplatePart => {
    const name = token.startsWith('{') && token.endsWith('}') ? token.slice(1, -1) : undefined;
    return name !== undefined && isPlaceholder(name) ? { placeholder: name } : { literal: token };
  });
  const template = withFolder(withPrefixPlace(parts), folder);
  const problems = [...literalProblems(parts), ...shapeProblems(template)];
  if (problems.length > 0) throw new InvalidTemplateError(problems);
  return template;
}

/** The template with its placeholders replaced, and the prefix, which is empty or ends in a slash, in its place. */
export function renderTemplate(
  { parts, prefixAt }: ObjectKeyTemplate,
  values: TemplateValues,
  prefix: string,
): string {
  let text = '';
  let left = prefixAt;
  for (const part of parts) {
    if (left-- === 0) text += prefix;
    text += 'literal' in part ? part.literal : values[part.placeholder];
  }
  return text;
}

/** The template up to and with the prefix: the folder of an owner. Behind `prefixAt` no value counts. */
export function renderHead(
  { parts, prefixAt }: ObjectKeyTemplate,
  { owner }: Pick<TemplateValues, 'owner'>,
  prefix: string,
): string {
  const head = parts.slice(0, prefixAt).map((part) => ('literal' in part ? part.literal : owner));
  return head.join('') + prefix;
}

function withPrefixPlace(parts: readonly TemplatePart[]): ObjectKeyTemplate {
  const ownerAt = parts.findIndex((part) => 'placeholder' in part && part.placeholder === 'owner');
  const next = parts[ownerAt + 1];
  if (ownerAt < 0 || next === undefined || !('literal' in next) || !next.literal.startsWith('/')) {
    return { parts, prefixAt: 0 };
  }
  const folder = [...parts.slice(0, ownerAt + 1), { literal: '/' }];
  return {
    parts: [...folder, { literal: next.literal.slice(1) }, ...parts.slice(ownerAt + 2)],
    prefixAt: folder.length,
  };
}

/** No prefix of a key's policy leads out of the folder. */
function withFolder({ parts, prefixAt }: ObjectKeyTemplate, folder: string): ObjectKeyTemplate {
  if (folder === '') return { parts, prefixAt };
  return { parts: [{ literal: folder }, ...parts], prefixAt: prefixAt + 1 };
}

function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(PLACEHOLDERS, name);
}

function literalProblems(parts: readonly TemplatePart[]): string[] {
  const known = Object.keys(PLACEHOLDERS)
    .map((name) => `{${name}}`)
    .join(', ');
  return parts.flatMap((part) => {
    if (!('literal' in part)) return [];
    if (/^\{[^{}]*\}$/.test(part.literal)) return [`unknown placeholder ${part.literal}, known are ${known}`];
    const unsafe = [...new Set(part.literal.match(/[^A-Za-z0-9._/-]/gu))];
    return unsafe.length === 0
      ? []
      : [`only A-Z a-z 0-9 . _ - and / may stand beside placeholders, not ${unsafe.join(' ')}`];
  });
}

function shapeProblems(template: ObjectKeyTemplate): string[] {
  const problems: string[] = [];
  if (!template.parts.some((part) => 'placeholder' in part && part.placeholder === 'uuid')) {
    problems.push('{uuid} is missing, without which two uploads could get the same key');
  }
  const longest = renderTemplate(template, PLACEHOLDERS, '');
  const segments = longest.split('/');
  if (segments.includes('')) problems.push('it must not begin or end with / nor contain //');
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    problems.push('. and .. cannot be segments, since URLs drop them');
  }
  // The prefix has its room set aside, or a key's policy could make its uploads fail, and only those with long names.
  if (longest.length > OBJECT_KEY_MAX_BYTES - KEY_PREFIX_MAX_BYTES) {
    problems.push(
      `keys could get ${longest.length} bytes long; S3 takes ${OBJECT_KEY_MAX_BYTES}, of which ${KEY_PREFIX_MAX_BYTES} are kept for the prefix that an API key's policy may set`,
    );
  }
  if (segments.some((segment) => segment.length > SEGMENT_MAX_BYTES)) {
    problems.push(`a segment could get longer than ${SEGMENT_MAX_BYTES} bytes`);
  }
  return problems;
}
