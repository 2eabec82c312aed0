// The options of an upload as fields of a browser form (AWS "POST Object"). Pure.
import type { FieldViolation } from '../fault/fault.ts';

/** Headers of a PUT that are a field of the same meaning in a form. Fields of `x-amz-` that are not here keep their name. */
const FIELD_OF: Readonly<Record<string, string>> = {
  'cache-control': 'Cache-Control',
  'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding',
  'x-amz-acl': 'acl',
};

const TAGGING = 'x-amz-tagging';

/** What a form has no field for: AWS lists none, and S3 would refuse or ignore it. */
const NOT_IN_FORMS: Readonly<Record<string, string>> = {
  'content-language': 'contentLanguage',
  'content-md5': 'checksum.md5',
};

export interface FormFields {
  readonly fields: Readonly<Record<string, string>>;
  /** Wishes that no form can carry, by the field of the request. */
  readonly refused: readonly FieldViolation[];
}

/** What the headers of a PUT become in a form. */
export function formFieldsFrom(headers: Readonly<Record<string, string>>): FormFields {
  const fields: [string, string][] = [];
  const refused: FieldViolation[] = [];
  for (const [header, value] of Object.entries(headers)) {
    const field = NOT_IN_FORMS[header];
    if (field !== undefined)
      refused.push({ field, message: 'must be left out: S3 has no such field in forms' });
    else if (header === TAGGING) fields.push(['tagging', taggingXml(value)]);
    else fields.push([FIELD_OF[header] ?? header, value]);
  }
  // Not filled by assignment: a name such as __proto__ would get lost.
  return { fields: Object.fromEntries(fields), refused };
}

/** Tags as a form has them: the document of PutObjectTagging in place of a query string. */
function taggingXml(query: string): string {
  const tags = query.split('&').map((pair) => {
    const [key = '', value = ''] = pair.split('=').map((part) => escapeXml(decodeURIComponent(part)));
    return `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
  });
  return `<Tagging><TagSet>${tags.join('')}</TagSet></Tagging>`;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
