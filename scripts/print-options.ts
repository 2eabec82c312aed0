// Options and their values in Protobuf's text format.
import {
  type DescExtension,
  type DescField,
  getExtension,
  hasExtension,
  type Message,
  type MessageShape,
  type Registry,
  ScalarType,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';

const SCHEMAS = {
  'google.protobuf.FileOptions': FileOptionsSchema,
  'google.protobuf.MessageOptions': MessageOptionsSchema,
  'google.protobuf.FieldOptions': FieldOptionsSchema,
  'google.protobuf.OneofOptions': OneofOptionsSchema,
  'google.protobuf.EnumOptions': EnumOptionsSchema,
  'google.protobuf.EnumValueOptions': EnumValueOptionsSchema,
  'google.protobuf.ServiceOptions': ServiceOptionsSchema,
  'google.protobuf.MethodOptions': MethodOptionsSchema,
};

export type Options = MessageShape<(typeof SCHEMAS)[keyof typeof SCHEMAS]>;

/**
 * The options as `name = value`, an entry for each element of a list. Extensions are looked up in the registry.
 *
 * @throws Error for an extension that the registry does not know: it would be lost.
 */
export function printOptions(options: Options | undefined, registry: Registry): string[] {
  if (options === undefined) return [];
  const schema = SCHEMAS[options.$typeName];
  const message = reflect(schema, options);
  const standard = message.sortedFields
    .filter((field) => message.isSet(field))
    .flatMap((field) => valuesOf(field, message.get(field)).map((value) => `${field.name} = ${value}`));
  const extensions = [...registry].filter(
    (type): type is DescExtension => type.kind === 'extension' && type.extendee.typeName === schema.typeName,
  );
  for (const { no } of options.$unknown ?? []) {
    if (!extensions.some(({ number }) => number === no))
      throw new Error(`unknown option ${no} of ${schema.typeName}`);
  }
  const custom = extensions
    .filter((extension) => hasExtension(options, extension))
    .flatMap((extension) => {
      const value: unknown = getExtension(options, extension);
      return valuesOf(extension, value).map((text) => `(${extension.typeName}) = ${text}`);
    });
  return [...standard, ...custom];
}

function valuesOf(field: DescField | DescExtension, value: unknown): string[] {
  if (field.fieldKind === 'map') throw new Error(`${field}: maps are not supported in options`);
  const values = field.fieldKind === 'list' ? [...(value as Iterable<unknown>)] : [value];
  return values.map((single) => valueText(field, single));
}

function valueText(field: DescField | DescExtension, value: unknown): string {
  if (field.message !== undefined) {
    const reflected = isReflected(value) ? value : reflect(field.message, value as Message);
    return aggregateText(reflected);
  }
  if (field.enum !== undefined) return field.enum.value[Number(value)]?.name ?? String(value);
  if (field.scalar === ScalarType.STRING) return JSON.stringify(value);
  if (field.scalar === ScalarType.BYTES) throw new Error(`${field}: bytes are not supported in options`);
  return String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
}

function aggregateText(message: ReflectMessage): string {
  const parts = message.sortedFields
    .filter((field) => message.isSet(field))
    .flatMap((field) => valuesOf(field, message.get(field)).map((value) => `${field.name}: ${value}`));
  return `{ ${parts.join(' ')} }`;
}

function isReflected(value: unknown): value is ReflectMessage {
  return typeof value === 'object' && value !== null && 'sortedFields' in value;
}
