import { create, type Message, toBinary } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../src/rpc/call.ts';
import { translate } from '../../../src/rpc/translate.ts';
import { refuseUnknownFields } from '../../../src/rpc/unknown-fields.ts';
import { createRecord } from '../../support/test-doors.ts';
import { describeMessages } from '../rest/describe-messages.ts';

const described = describeMessages({
  messages: {
    Item: [
      'string id',
      'Item child',
      'repeated Item children',
      'map<string, Item> named',
      'oneof choice Item chosen',
      'oneof choice string other',
      'bytes raw',
      'google.protobuf.Struct anything',
    ],
  },
  methods: { Strict: { input: 'Item', refuseUnknownFields: true }, Lenient: { input: 'Item' } },
});
const Item = described.message('Item');
const { parent: service } = described.method('Strict');

const STRANGE = { no: 77, wireType: 0, data: new Uint8Array([1]) };

function strange(): Message {
  const message = create(Item, { id: 'x' });
  message.$unknown = [STRANGE];
  return message;
}

/** What a method answers to a binary request, behind nothing but the interceptor. */
function call(name: 'Strict' | 'Lenient', message: Message): Promise<unknown> {
  const context = contextOf({
    record: createRecord(),
    authorization: undefined,
    origin: undefined,
    idempotencyKey: undefined,
    setHeader: () => {},
    hasDeadline: false,
    undecoded: [],
  });
  const transport = createRouterTransport(
    (router) =>
      router.rpc(described.method('Strict'), () => ({})).rpc(described.method('Lenient'), () => ({})),
    {
      router: {
        interceptors: [
          (next) => (request) => next({ ...request, contextValues: context }),
          translate,
          refuseUnknownFields([service]),
        ],
      },
    },
  );
  return transport.unary(described.method(name), undefined, undefined, undefined, message);
}

/** A restriction that only a newer contract has must not get lost, wherever it stands. */
describe('a field that nobody here knows is refused', () => {
  it.each<[string, () => Message]>([
    ['in the request', strange],
    ['in a message', () => create(Item, { child: strange() })],
    ['far down', () => create(Item, { child: create(Item, { child: create(Item, { child: strange() }) }) })],
    ['in a list', () => create(Item, { children: [create(Item), strange()] })],
    ['in a map', () => create(Item, { named: { a: create(Item), b: strange() } })],
    ['in a oneof', () => create(Item, { choice: { case: 'chosen', value: strange() } })],
  ])('%s', async (_place, request) => {
    await expect(call('Strict', request())).rejects.toMatchObject({
      rawMessage: '#77: is not a field of this request',
    });
    await expect(call('Lenient', request())).resolves.toBeDefined();
  });

  it('and nothing else is', async () => {
    const request = create(Item, {
      id: '#77',
      child: create(Item, { children: [create(Item)] }),
      named: { a: create(Item) },
      choice: { case: 'other', value: 'x' },
      raw: toBinary(Item, strange()),
      anything: { $unknown: [{ no: 77 }], list: [null, 1, { no: 77 }] },
    });
    await expect(call('Strict', request)).resolves.toBeDefined();
  });
});
