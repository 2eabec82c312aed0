import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { S3Error } from './s3-error.ts';

/** What a form may hold in front of its file, as on S3. */
const MAX_FIELD_BYTES = 20_000;
const MAX_FIELDS = 100;

export interface FormFile {
  /** The last segment of the name that the browser gave; may be empty. */
  readonly name: string;
  readonly content: Readable;
}

/**
 * Reads a multipart/form-data body with one file in it. Fields behind the file are ignored.
 * @param receive Called when the file begins, with the fields in front of it by lower-case name; it reads the content to its end.
 * @returns The fields, once the whole form has been read and `receive` is done.
 * @throws S3Error, after `receive` has settled.
 */
export async function readForm(
  message: IncomingMessage,
  receive: (fields: ReadonlyMap<string, string>, file: FormFile) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  const fields = new Map<string, string>();
  const parser = openParser(message);
  let receiving: Promise<void> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        reject(error);
        message.unpipe(parser);
        parser.destroy(error);
      };
      let fieldBytes = 0;
      parser.on('field', (name, value, { valueTruncated, nameTruncated }) => {
        if (receiving !== undefined) return;
        fieldBytes += name.length + Buffer.byteLength(value);
        if (valueTruncated || nameTruncated || fieldBytes > MAX_FIELD_BYTES) {
          return fail(new S3Error('MaxPostPreDataLengthExceeded'));
        }
        const lower = name.toLowerCase();
        if (fields.has(lower)) {
          return fail(new S3Error('InvalidArgument', `The form has the field "${lower}" more than once.`));
        }
        fields.set(lower, value);
      });
      parser.on('fieldsLimit', () => fail(new S3Error('MaxPostPreDataLengthExceeded')));
      parser.on('file', (name, content, { filename }) => {
        content.on('error', () => {});
        if (name.toLowerCase() !== 'file' || receiving !== undefined) return fail(oneFile());
        receiving = receive(fields, { name: filename ?? '', content });
        receiving.catch(fail);
      });
      parser.on('error', (error) =>
        fail(error instanceof S3Error ? error : new S3Error('MalformedPOSTRequest')),
      );
      parser.on('close', () => (receiving === undefined ? fail(oneFile()) : resolve()));
      message.on('close', () => {
        if (!message.complete) fail(new S3Error('IncompleteBody'));
      });
      message.pipe(parser);
    });
  } finally {
    await receiving?.catch(() => {});
  }
  await receiving;
  return fields;
}

function openParser(message: IncomingMessage): busboy.Busboy {
  try {
    return busboy({
      headers: message.headers,
      defParamCharset: 'utf8',
      limits: { fieldSize: MAX_FIELD_BYTES, fields: MAX_FIELDS, headerPairs: 20 },
    });
  } catch {
    throw new S3Error('PreconditionFailed', 'A POST to a bucket has to be multipart/form-data.');
  }
}

function oneFile(): S3Error {
  return new S3Error('InvalidArgument', 'POST requires exactly one file, in a field named "file".');
}
