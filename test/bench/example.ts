// What all servers and signers of the bench are given.

/** The pair that AWS's own documentation uses. */
export const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
export const BUCKET = 'examplebucket';
export const REGION = 'us-east-1';

/** The request of the README. */
export const EXAMPLE_REQUEST = { filename: 'John Doe', contentType: 'example_string', size: 42 };

const FILE_KEY = 'default/2026/01/31/019c0000-0000-7000-8000-000000000000/';
const ORIGIN = `https://${BUCKET}.s3.${REGION}.amazonaws.com`;

/** An answer as large as the real one. */
export const EXAMPLE_ANSWER = {
  uploadUrl:
    `${ORIGIN}/${FILE_KEY}John-Doe?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD` +
    `&X-Amz-Credential=${CREDENTIALS.accessKeyId}%2F20260131%2F${REGION}%2Fs3%2Faws4_request` +
    '&X-Amz-Date=20260131T000000Z&X-Amz-Expires=900' +
    `&X-Amz-Signature=${'0'.repeat(64)}&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&x-id=PutObject`,
  publicUrl: `${ORIGIN}/${FILE_KEY}John-Doe`,
  fileKey: FILE_KEY,
  method: 'PUT',
  headers: { 'content-length': '42', 'content-type': 'example_string' },
  expiresAt: { seconds: 1_769_817_600n, nanos: 0 },
};
