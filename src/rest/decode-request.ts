import type { DescMessage } from '@bufbuild/protobuf';
import { type DecodedRequest, decodeJson } from './decode-json.ts';
import { isJsonObject } from './json-fields.ts';
import { parseBody, wrongBody } from './parse-body.ts';

/**
 * Decodes a body that is the whole request.
 *
 * @throws Fault `INVALID_REQUEST` blaming the field `body` if it is not a JSON object in UTF-8.
 */
export function decodeRequest(schema: DescMessage, body: Uint8Array): DecodedRequest {
  const { value, sources } = parseBody(body);
  if (!isJsonObject(value)) throw wrongBody('must be a JSON object');
  return decodeJson(schema, value, sources);
}
