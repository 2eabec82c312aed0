// What keeps browsers from executing an upload. Pure.
import { Fault } from '../fault/fault.ts';
import { type ActiveContent, type ActiveContentPolicy, activeContentOf } from './active-content.ts';
import { contentDisposition } from './content-disposition.ts';
import type { MediaFamily } from './media-family.ts';
import type { UploadRequest } from './upload.ts';

type Headers = Readonly<Record<string, string>>;

/** The headers with those that keep browsers from executing the upload, or the refusal where none of its kind is taken. */
export function withoutActiveContent(
  {
    filename,
    contentType,
    family,
    options,
  }: Pick<UploadRequest, 'filename' | 'contentType' | 'options'> & {
    readonly family?: MediaFamily | undefined;
  },
  headers: Headers,
  policy: ActiveContentPolicy,
): Headers | Fault {
  if (policy === 'allow') return headers;
  const active = family === undefined ? activeContentOf(contentType, filename) : activeFamily(family);
  if (active === undefined) return headers;
  const { name, because, field } = active;
  if (policy === 'deny') return contentRefused(field, `This server takes no ${name}: ${because}`);
  if (options?.contentDisposition === 'inline') {
    return contentRefused(
      'contentDisposition',
      `This server takes ${name} only as an attachment: ${because}`,
    );
  }
  return { ...headers, 'content-disposition': contentDisposition('attachment', filename) };
}

/** Every family may have a type that ends in +xml, and those that people use most have worse. */
function activeFamily({ type }: MediaFamily): ActiveContent {
  return {
    name: `all of ${type}`,
    because: 'a family of types includes some that browsers execute, such as those that end in +xml',
    field: 'contentType',
  };
}

export function contentRefused(field: string, message: string): Fault {
  return new Fault('CONTENT_REFUSED', { publicMessage: message, fields: [{ field, message }] });
}
