import { type DescField, type DescMessage, type JsonValue, type Message, toJson } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';

/**
 * What REST is to make of a message, from ProtoJSON as a library writes it: every field under its JSON name, null
 * where it is absent outside of a oneof, and integers of 64 bits as numbers.
 */
export function restJsonOf(schema: DescMessage, message: Message): JsonValue {
  return withNulls(schema, toJson(schema, message, { alwaysEmitImplicit: true }));
}

function withNulls(schema: DescMessage, json: JsonValue): JsonValue {
  // Well-known types are no objects of their fields.
  if (schema.typeName.startsWith('google.protobuf.')) return json;
  const given = new Map<string, JsonValue>(Object.entries(Object(json)));
  return Object.fromEntries(
    schema.fields.flatMap((field) => {
      const value = given.get(field.jsonName);
      if (value !== undefined) return [[field.jsonName, fieldJson(field, value)]];
      return field.oneof === undefined ? [[field.jsonName, null]] : [];
    }),
  );
}

function fieldJson({ message, proto, fieldKind }: DescField, value: JsonValue): JsonValue {
  const single = (item: JsonValue): JsonValue => {
    if (message !== undefined) return withNulls(message, item);
    return proto.type === FieldDescriptorProto_Type.INT64 ? Number(item) : item;
  };
  return fieldKind === 'list' && Array.isArray(value) ? value.map(single) : single(value);
}
