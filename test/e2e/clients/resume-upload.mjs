// Sends what S3 lacks of a multipart upload and completes it. It keeps nothing: killed at any moment and started again,
// on this machine or another one, it goes on where it was.
import { open } from 'node:fs/promises';
import { argv, env, exit, stdout } from 'node:process';

const [, , baseUrl, uploadId, path] = argv;
const PARTS_AT_ONCE = 2;

async function call(method, suffix, body) {
  const response = await fetch(`${baseUrl}/v1/uploads/${uploadId}${suffix}`, {
    method,
    headers: { authorization: `Bearer ${env.UPLOAD_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

async function send(file, { partNumber, url, headers, size, offset }) {
  const { buffer } = await file.read(Buffer.alloc(size), 0, size, offset);
  const { 'content-length': _, ...others } = headers;
  const response = await fetch(url, { method: 'PUT', headers: others, body: buffer });
  if (!response.ok) throw new Error(`part ${partNumber} was answered ${response.status}`);
  stdout.write(`sent ${partNumber}\n`);
}

const file = await open(path);
try {
  const { missing } = await call('GET', '/parts');
  for (const { first, last } of missing) {
    for (let start = first; start <= last; start += PARTS_AT_ONCE) {
      const range = { first: start, last: Math.min(last, start + PARTS_AT_ONCE - 1) };
      const { parts } = await call('POST', '/parts:sign', { ranges: [range] });
      for (const part of parts) await send(file, part);
    }
  }
  stdout.write(`${JSON.stringify(await call('POST', ':complete', {}))}\n`);
} catch (error) {
  stdout.write(`${error}\n`);
  exit(1);
} finally {
  await file.close();
}
