/** S3's error document. */
export function errorXml(code: string, detail = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no</Message>${detail}</Error>`;
}
