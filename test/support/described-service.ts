import {
  create,
  createFileRegistry,
  type DescService,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, MethodOptionsSchema } from '@bufbuild/protobuf/wkt';
import { AccessSchema, access } from '../../gen/access/v1/access_pb.js';
import { http } from '../../gen/google/api/annotations_pb.js';
import { HttpRuleSchema } from '../../gen/google/api/http_pb.js';

export interface MethodDescription {
  readonly name: string;
  readonly http?: MessageInitShape<typeof HttpRuleSchema>;
  readonly scope?: string;
  readonly tokenAction?: string;
}

/** The descriptor of `test.v1.TestService`, whose methods take and answer a message without fields. */
export function describeService(methods: readonly MethodDescription[]): DescService {
  const file = create(FileDescriptorProtoSchema, {
    name: 'test/v1/test.proto',
    package: 'test.v1',
    syntax: 'proto3',
    messageType: [{ name: 'Nothing' }],
    service: [{ name: 'TestService', method: methods.map(methodProto) }],
  });
  const service = createFileRegistry(file, () => undefined).getService('test.v1.TestService');
  if (service === undefined) throw new Error('the descriptor has no service');
  return service;
}

function methodProto({ name, http: rule, scope, tokenAction = '' }: MethodDescription) {
  const options = create(MethodOptionsSchema);
  if (rule !== undefined) setExtension(options, http, create(HttpRuleSchema, rule));
  if (scope !== undefined) setExtension(options, access, create(AccessSchema, { scope, tokenAction }));
  return { name, inputType: '.test.v1.Nothing', outputType: '.test.v1.Nothing', options };
}
