import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

const [, , baseUrl, key, path, contentType] = process.argv;
const content = await readFile(path);

const asked = await fetch(`${baseUrl}/v1/upload/s3`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
  body: JSON.stringify({ filename: basename(path), contentType, size: content.length }),
});
if (!asked.ok) throw new Error(`asked: ${asked.status} ${await asked.text()}`);
const answer = await asked.json();

// fetch sets Content-Length from the body.
const uploaded = await fetch(answer.uploadUrl, {
  method: answer.method,
  headers: { 'Content-Type': answer.headers['content-type'] },
  body: content,
});
if (!uploaded.ok) throw new Error(`uploaded: ${uploaded.status} ${await uploaded.text()}`);
process.stdout.write(`${JSON.stringify(answer)}\n`);
