import { type HttpAnswer, send } from './http.ts';

type Fields = Readonly<Record<string, string>>;

/** The body of a form as browsers send it: the fields, then the file. */
export function formBody(
  fields: Fields,
  file: string | undefined,
  name: string,
): { body: Buffer; contentType: string } {
  const boundary = 'presignd-test-boundary';
  const parts = Object.entries(fields).map(
    ([field, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
  );
  if (file !== undefined) {
    const type = 'Content-Type: application/octet-stream';
    const disposition = `Content-Disposition: form-data; name="file"; filename="${name}"`;
    parts.push(`--${boundary}\r\n${disposition}\r\n${type}\r\n\r\n${file}\r\n`);
  }
  const body = Buffer.from(`${parts.join('')}--${boundary}--\r\n`);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

export function postForm(url: string, fields: Fields, file?: string, name = 'file.bin'): Promise<HttpAnswer> {
  const { body, contentType } = formBody(fields, file, name);
  return send('POST', url, { body, headers: { 'content-type': contentType } });
}
