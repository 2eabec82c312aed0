import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type DescMethod,
  type DescMethodUnary,
} from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { ApiKeyService } from '../../gen/apikeys/v1/api_key_service_pb.js';

/** The field that the newer contract has: a restriction that this server does not know. */
export const NEWER_FIELD = { name: 'region', number: 99 } as const;

/**
 * A method of ApiKeyService as a client with a newer contract calls it: the message of that name (of the package
 * `apikeys.v1`) has one string more.
 */
export function newerMethod(name: string, messageName: string): DescMethodUnary {
  const file = clone(FileDescriptorProtoSchema, ApiKeyService.file.proto);
  const message = file.messageType.find((each) => each.name === messageName);
  if (message === undefined) throw new Error(`the contract has no message ${messageName}`);
  message.field.push(
    create(FieldDescriptorProtoSchema, {
      ...NEWER_FIELD,
      jsonName: NEWER_FIELD.name,
      type: FieldDescriptorProto_Type.STRING,
      label: FieldDescriptorProto_Label.OPTIONAL,
    }),
  );
  const dependencies = allOf(ApiKeyService.file);
  const registry = createFileRegistry(file, (path) => dependencies.find(({ proto }) => proto.name === path));
  const method = registry.getService(ApiKeyService.typeName)?.methods.find((each) => each.name === name);
  if (method === undefined || !isUnary(method)) throw new Error(`the contract has no method ${name}`);
  return method;
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === 'unary';

function allOf({ dependencies }: DescFile): DescFile[] {
  return dependencies.flatMap((file) => [file, ...allOf(file)]);
}
