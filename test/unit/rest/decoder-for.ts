// Requests decoded as the door does it, for methods that a test describes.
import { type JsonValue, toJson } from '@bufbuild/protobuf';
import { httpBindingsOf } from '../../../src/rest/http-binding.ts';
import { createRequestDecoder } from '../../../src/rest/request-decoder.ts';
import { createRouteTable } from '../../../src/rest/route-table.ts';
import { createUnaryCall } from '../../../src/rpc/unary-call.ts';
import { verifyByTable } from '../../support/test-doors.ts';
import { describeMessages, type Rule } from './describe-messages.ts';

const MESSAGES = {
  // The messages of the specification's own examples.
  GetMessageRequest: [
    'string message_id',
    'int64 revision',
    'SubMessage sub',
    'string user_id',
    'string name',
  ],
  SubMessage: ['string subfield'],
  UpdateMessageRequest: [
    'string message_id',
    'Text message',
    'string user_id',
    'repeated string lines',
    'int64 count',
  ],
  Text: ['string message_id', 'string text', 'SubMessage sub'],
  // One of each kind.
  Everything: [
    'string text',
    'bool flag',
    'bytes data',
    'double ratio',
    'int32 small',
    'uint64 huge',
    'Color color',
    'optional bool maybe_flag',
    'repeated string texts',
    'repeated int32 numbers',
    'repeated Color colors',
    'repeated Everything children',
    'repeated google.protobuf.Timestamp times',
    'map<string, string> labels',
    'Everything child',
    'oneof choice string chosen_text',
    'oneof choice int32 chosen_number',
    'google.protobuf.Timestamp time',
    'google.protobuf.Duration wait',
    'google.protobuf.FieldMask mask',
    'google.protobuf.StringValue wrapped_text',
    'google.protobuf.Int64Value wrapped_large',
    'google.protobuf.BoolValue wrapped_flag',
    'google.protobuf.BytesValue wrapped_data',
    'google.protobuf.DoubleValue wrapped_ratio',
    'google.protobuf.Struct struct',
    'google.protobuf.Any any',
    'string renamed [of_another_name]',
  ],
  Variables: ['string a', 'string b', 'string c', 'Variables inner'],
};

interface Method {
  readonly input: keyof typeof MESSAGES;
  readonly http: Rule;
  readonly refuseUnknownFields?: boolean;
}

export interface Decoded {
  readonly json: JsonValue;
  readonly problems: Readonly<Record<string, string>>;
}

/** Decodes requests such as `GET /v1?x=1` for a method: the path is matched, then the message is made. */
export function decoderFor(method: Method): (request: string, body?: string) => Decoded {
  const described = describeMessages({
    messages: MESSAGES,
    enums: { Color: ['RED', 'GREEN', 'BLUE'] },
    methods: { Call: method },
  });
  const schema = described.message(method.input);
  const call = createUnaryCall(
    { kind: 'unary', method: described.method('Call'), impl: () => ({}) },
    { chain: [], verify: verifyByTable },
  );
  const routes = httpBindingsOf(call).map((binding) => ({
    binding,
    name: 'Call',
    decode: createRequestDecoder(schema, binding),
  }));
  const { find } = createRouteTable(routes);
  return (request, body) => {
    const [httpMethod, url = ''] = request.split(' ');
    const [path = ''] = url.split('?', 1);
    for (const { routes: found, segments } of find(path)) {
      const route = found.find(({ binding }) => binding.httpMethod === httpMethod);
      if (route === undefined) continue;
      const { message, undecoded } = route.decode(
        url,
        segments,
        body === undefined ? undefined : Buffer.from(body),
      );
      return {
        json: toJson(schema, message),
        problems: Object.fromEntries(undecoded.map(({ field, message: problem }) => [field, problem])),
      };
    }
    throw new Error(`nothing at ${request}`);
  };
}

/** What a request without any problem is decoded to. */
export const good = (json: JsonValue): Decoded => ({ json, problems: {} });
