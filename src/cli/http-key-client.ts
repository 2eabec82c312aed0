import {
  type DescMessage,
  fromJsonString,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf';
import {
  ApiKeySchema,
  ChangedApiKeySchema,
  CreateApiKeyRequestSchema,
  IssuedApiKeySchema,
  type ListApiKeysRequest,
  ListApiKeysResponseSchema,
  RotateApiKeyRequestSchema,
  UpdateApiKeyRequestSchema,
} from '../../gen/apikeys/v1/api_key_service_pb.js';
import { exchange, type HttpCall, type HttpServer } from './http-exchange.ts';
import type { KeyClient } from './key-client.ts';
import { errorFromAnswer, foreignAnswer } from './server-refusal.ts';

const MASK = '[API key]';

/** A client of a server's REST API. Nothing that it throws contains the key. */
export function createHttpKeyClient(server: HttpServer): KeyClient {
  async function call<Answer extends DescMessage>(
    answerSchema: Answer,
    { method, path, body }: Pick<HttpCall, 'method' | 'path'> & { readonly body?: JsonValue },
  ): Promise<MessageShape<Answer>> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      const answer = await exchange(server, { method, path, body: text });
      // A server that repeats what it was sent must not bring the key onto a terminal.
      const heard = { ...answer, text: answer.text.replaceAll(server.apiKey, MASK) };
      if (answer.status !== 200) throw errorFromAnswer(server.baseUrl, heard);
      try {
        return fromJsonString(answerSchema, answer.text, { ignoreUnknownFields: true });
      } catch {
        throw foreignAnswer(server.baseUrl, answer);
      }
    } catch (error) {
      throw withoutKey(error, server.apiKey);
    }
  }

  return {
    create: (request) =>
      call(IssuedApiKeySchema, {
        method: 'POST',
        path: '/v1/api-keys',
        body: toJson(CreateApiKeyRequestSchema, request),
      }),
    list: (request) =>
      call(ListApiKeysResponseSchema, { method: 'GET', path: `/v1/api-keys${listQuery(request)}` }),
    get: (keyId) => call(ApiKeySchema, { method: 'GET', path: pathOf(keyId) }),
    update: (request) =>
      call(ChangedApiKeySchema, {
        method: 'PATCH',
        path: pathOf(request.keyId),
        body: withoutId(toJson(UpdateApiKeyRequestSchema, request)),
      }),
    revoke: ({ keyId, reason }) =>
      call(ChangedApiKeySchema, { method: 'DELETE', path: pathOf(keyId) + query({ reason }) }),
    rotate: (request) =>
      call(IssuedApiKeySchema, {
        method: 'POST',
        path: `${pathOf(request.keyId)}/rotate`,
        body: withoutId(toJson(RotateApiKeyRequestSchema, request)),
      }),
  };
}

function pathOf(keyId: string): string {
  return `/v1/api-keys/${encodeURIComponent(keyId)}`;
}

function listQuery({ page, perPage, status }: ListApiKeysRequest): string {
  return query({ page, per_page: perPage, status: status || undefined });
}

function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const entries = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

/** The id stands in the path, and the API refuses to be told twice. */
function withoutId(json: JsonValue): JsonObject {
  const { key_id: _, ...others } = json as JsonObject;
  return others;
}

function withoutKey(error: unknown, apiKey: string): unknown {
  if (!(error instanceof Error) || !error.message.includes(apiKey)) return error;
  return new Error(error.message.replaceAll(apiKey, MASK));
}
