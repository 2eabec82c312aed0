// Descriptors made at run time from a few lines that read like a proto file.
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  FieldDescriptorProto_Label as Label,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { AccessSchema, access } from '../../../gen/access/v1/access_pb.js';
import { http } from '../../../gen/google/api/annotations_pb.js';
import { HttpRuleSchema } from '../../../gen/google/api/http_pb.js';

/**
 * Fields such as `string name`, `repeated int32 counts`, `optional bool on`, `map<string, int64> named`,
 * `Other child`, `google.protobuf.Duration wait`, `oneof choice string a`, numbered in their order.
 */
type MessageText = readonly string[];

export type Rule = MessageInitShape<typeof HttpRuleSchema>;

export interface MethodText {
  readonly input: string;
  readonly output?: string;
  readonly http?: Rule;
  readonly refuseUnknownFields?: boolean;
}

interface Description {
  readonly messages: Readonly<Record<string, MessageText>>;
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  /** The methods of `test.Service`, by name. */
  readonly methods?: Readonly<Record<string, MethodText>>;
}

export interface Described {
  message(name: string): DescMessage;
  method(name: string): DescMethodUnary;
}

interface RuleRest {
  readonly body?: string;
  readonly responseBody?: string;
  readonly additionalBindings?: Rule[];
}

/** `GET /v1/a/{id}` as the rule of a method. HTTP methods that google.api.http does not have become custom ones. */
export function rule(text: string, more: RuleRest = {}): Rule {
  const [httpMethod = '', path = ''] = text.split(' ');
  switch (httpMethod) {
    case 'GET':
      return { pattern: { case: 'get', value: path }, ...more };
    case 'PUT':
      return { pattern: { case: 'put', value: path }, ...more };
    case 'POST':
      return { pattern: { case: 'post', value: path }, ...more };
    case 'DELETE':
      return { pattern: { case: 'delete', value: path }, ...more };
    case 'PATCH':
      return { pattern: { case: 'patch', value: path }, ...more };
    default:
      return { pattern: { case: 'custom', value: { kind: httpMethod, path } }, ...more };
  }
}

const WELL_KNOWN = [
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
];

const SCALARS: Readonly<Record<string, Type>> = {
  double: Type.DOUBLE,
  float: Type.FLOAT,
  int32: Type.INT32,
  int64: Type.INT64,
  uint32: Type.UINT32,
  uint64: Type.UINT64,
  sint32: Type.SINT32,
  sint64: Type.SINT64,
  fixed32: Type.FIXED32,
  fixed64: Type.FIXED64,
  sfixed32: Type.SFIXED32,
  sfixed64: Type.SFIXED64,
  bool: Type.BOOL,
  string: Type.STRING,
  bytes: Type.BYTES,
};

const FIELD =
  /^(?:(repeated|optional) |oneof (\w+) )?(?:map<(\w+), ([\w.]+)>|([\w.]+)) (\w+)(?: \[(\w+)\])?$/;

/** Messages, enums and a service of the package `test`. A field's JSON name may follow it in brackets. */
export function describeMessages({ messages, enums = {}, methods = {} }: Description): Described {
  const file = create(FileDescriptorProtoSchema, {
    name: 'test/messages.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: WELL_KNOWN.map(({ proto }) => proto.name),
    messageType: Object.entries(messages).map(([name, fields]) => messageProto(name, fields, enums)),
    enumType: Object.entries(enums).map(([name, values]) => ({
      name,
      value: values.map((value, number) => ({ name: value, number })),
    })),
    service: [{ name: 'Service', method: Object.entries(methods).map(methodProto) }],
  });
  const registry = createFileRegistry(file, (name) => WELL_KNOWN.find(({ proto }) => proto.name === name));
  return {
    message: (name) => {
      const schema = registry.getMessage(`test.${name}`);
      if (schema === undefined) throw new Error(`no message ${name}`);
      return schema;
    },
    method: (name) => {
      const method = registry.getService('test.Service')?.methods.find((each) => each.name === name);
      if (method === undefined || !isUnary(method)) throw new Error(`no method ${name}`);
      return method;
    },
  };
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === 'unary';

function methodProto([name, { input, output, http: httpRule, refuseUnknownFields = false }]: [
  string,
  MethodText,
]) {
  const options = create(MethodOptionsSchema);
  if (httpRule !== undefined) setExtension(options, http, create(HttpRuleSchema, httpRule));
  setExtension(options, access, create(AccessSchema, { anyScope: true, refuseUnknownFields }));
  return { name, inputType: `.test.${input}`, outputType: `.test.${output ?? input}`, options };
}

function messageProto(name: string, fields: MessageText, enums: Readonly<Record<string, unknown>>) {
  const oneofs: string[] = [];
  const nestedType: object[] = [];
  const typeOf = (type: string) => {
    const scalar = SCALARS[type];
    if (scalar !== undefined) return { type: scalar };
    const typeName = `.${type.includes('.') ? type : `test.${type}`}`;
    return { type: type in enums ? Type.ENUM : Type.MESSAGE, typeName };
  };
  const field = fields.map((text, i) => {
    const [, label, oneof, mapKey, mapValue = '', type = '', fieldName = '', jsonName] =
      FIELD.exec(text) ?? [];
    if (fieldName === '') throw new Error(`not a field: ${text}`);
    const common = {
      name: fieldName,
      jsonName: jsonName ?? fieldName.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      number: i + 1,
      label: label === 'repeated' || mapKey !== undefined ? Label.REPEATED : Label.OPTIONAL,
    };
    if (mapKey !== undefined) {
      const entry = `${fieldName[0]?.toUpperCase()}${fieldName.slice(1)}Entry`;
      nestedType.push({
        name: entry,
        field: [
          { name: 'key', jsonName: 'key', number: 1, label: Label.OPTIONAL, ...typeOf(mapKey) },
          { name: 'value', jsonName: 'value', number: 2, label: Label.OPTIONAL, ...typeOf(mapValue) },
        ],
        options: { mapEntry: true },
      });
      return { ...common, type: Type.MESSAGE, typeName: `.test.${name}.${entry}` };
    }
    const choice = oneof ?? (label === 'optional' ? `_${fieldName}` : undefined);
    if (choice === undefined) return { ...common, ...typeOf(type) };
    if (!oneofs.includes(choice)) oneofs.push(choice);
    return {
      ...common,
      ...typeOf(type),
      oneofIndex: oneofs.indexOf(choice),
      proto3Optional: label === 'optional',
    };
  });
  return { name, field, nestedType, oneofDecl: oneofs.map((each) => ({ name: each })) };
}
