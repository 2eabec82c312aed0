export interface DevServer {
  readonly version: string;
  readonly url: string;
  readonly s3Url: string;
  readonly bucket: string;
  readonly folder: string;
  readonly keyFile: string;
}

const SAMPLE = { filename: 'hello.txt', contentType: 'text/plain', content: 'Hello, world!' } as const;

/** What `presignd dev` prints: where everything is, and commands that work as they are pasted. */
export function welcome({ version, url, s3Url, bucket, folder, keyFile }: DevServer): string {
  const ask = askCommand(url, keyFile);
  return `
presignd ${version}, for development

  service   ${url}   (JSON, Connect, gRPC and gRPC-Web)
  S3        ${s3Url}/${bucket}
  API key   ${keyFile}
  data      ${folder}   (delete it to start anew)

Ask for an upload URL:

${ask}

Ask, then upload a file with the answer:

${uploadCommand(ask)}

Make an API key that may upload images only:

${createKeyCommand(url, keyFile)}

Ctrl-C stops it.
`;
}

function askCommand(url: string, keyFile: string): string {
  const { filename, contentType, content } = SAMPLE;
  return postCommand(`${url}/v1/upload/s3`, keyFile, { filename, contentType, size: content.length });
}

function createKeyCommand(url: string, keyFile: string): string {
  return postCommand(`${url}/v1/api-keys`, keyFile, {
    name: 'my images',
    policy: { content_types: ['image/*'] },
  });
}

function postCommand(url: string, keyFile: string, body: object): string {
  return `curl -sS -w '\\n' ${url} -H "Authorization: Bearer $(cat ${quoted(keyFile)})" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
}

/** As one word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The URL stands in the answer as it is: nothing in it needs escaping in JSON. */
function uploadCommand(ask: string): string {
  const uploadUrl = `$(${ask} | sed -E 's/.*"uploadUrl":"([^"]+)".*/\\1/')`;
  return `printf '${SAMPLE.content}' | curl -sS -i -X PUT -H 'Content-Type: ${SAMPLE.contentType}' --data-binary @- "${uploadUrl}"`;
}
