// The template of object keys: parsed and checked once, at start. Pure.
import { NAME_MAX_BYTES, OWNER_MAX_BYTES } from './safe-segment.ts';
import { OBJECT_KEY_MAX_BYTES } from './upload.ts';

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

/** Parses a template such as `{owner}/{date}/{uuid}/{name}`. Throws an InvalidTemplateError with all problems. */
export function parseObjectKeyTemplate(text: string): ObjectKeyTemplate {
  const tokens = text.split(/(\{[^{}]*\})/).filter((token) => token !== '');
  const parts = tokens.map((token): TemplatePart => {
    const name = token.startsWith('{') && token.endsWith('}') ? token.slice(1, -1) : undefined;
    return name !== undefined && isPlaceholder(name) ? { placeholder: name } : { literal: token };
  });
  const template = { parts };
  const problems = [...literalProblems(parts), ...shapeProblems(template)];
  if (problems.length > 0) throw new InvalidTemplateError(problems);
  return template;
}

/** The template with its placeholders replaced. */
export function renderTemplate(template: ObjectKeyTemplate, values: TemplateValues): string {
  let text = '';
  for (const part of template.parts) text += 'literal' in part ? part.literal : values[part.placeholder];
  return text;
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
  const longest = renderTemplate(template, PLACEHOLDERS);
  const segments = longest.split('/');
  if (segments.includes('')) problems.push('it must not begin or end with / nor contain //');
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    problems.push('. and .. cannot be segments, since URLs drop them');
  }
  if (longest.length > OBJECT_KEY_MAX_BYTES) {
    problems.push(`keys could get ${longest.length} bytes long, S3 takes ${OBJECT_KEY_MAX_BYTES}`);
  }
  if (segments.some((segment) => segment.length > SEGMENT_MAX_BYTES)) {
    problems.push(`a segment could get longer than ${SEGMENT_MAX_BYTES} bytes`);
  }
  return problems;
}
