import { type Answer, type Sent, sendHttp1 } from './http-requests.ts';

export const UPLOAD_PATH = '/v1/upload/s3';

/** What the call answers, as far as clients rely on it. */
export interface UploadAnswer {
  readonly uploadUrl: string;
  readonly publicUrl: string;
  readonly fileKey: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

export interface File {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

export const HELLO: File = {
  filename: 'hello.txt',
  contentType: 'text/plain',
  content: Buffer.from('Hello, world!'),
};

/** The request for an upload of this size, as the contract's example makes it. */
export function uploadCall(token: string | undefined, file: File = HELLO): Required<Sent> {
  const { filename, contentType, content } = file;
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ filename, contentType, size: content.length }),
  };
}

/** Asks a running service for an upload. */
export function askForUpload(baseUrl: string, token: string | undefined, file?: File): Promise<Answer> {
  return sendHttp1(baseUrl + UPLOAD_PATH, uploadCall(token, file));
}

/** Asks, and throws with the answer unless it is 200. */
export async function getUpload(baseUrl: string, token: string, file?: File): Promise<UploadAnswer> {
  const { status, body } = await askForUpload(baseUrl, token, file);
  if (status !== 200) throw new Error(`asked for an upload and was answered ${status}: ${body}`);
  return JSON.parse(body);
}

/** Sends the file with exactly the headers of the answer. */
export function upload(answer: UploadAnswer, content: Uint8Array): Promise<Answer> {
  return sendHttp1(answer.uploadUrl, { method: answer.method, headers: answer.headers, body: content });
}
