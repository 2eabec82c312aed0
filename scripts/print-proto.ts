// Prints the source of a .proto file from its descriptor, for files that npm ships only in compiled form.
import {
  createRegistry,
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescOneof,
  type DescService,
  type Registry,
  ScalarType,
} from '@bufbuild/protobuf';
import { Edition, FieldDescriptorProto_Label as Label } from '@bufbuild/protobuf/wkt';
import { type Options, printOptions } from './print-options.ts';

const SYNTAX: Readonly<Partial<Record<Edition, string>>> = {
  [Edition.EDITION_PROTO2]: 'syntax = "proto2";',
  [Edition.EDITION_PROTO3]: 'syntax = "proto3";',
  [Edition.EDITION_2023]: 'edition = "2023";',
  [Edition.EDITION_2024]: 'edition = "2024";',
};

/** The end of the range of field numbers, exclusive, and the largest enum number: both are written `max`. */
const FIELD_NUMBER_END = 536_870_912;
const ENUM_NUMBER_MAX = 2_147_483_647;

/**
 * Comments are the one thing that a descriptor in generated code does not hold.
 *
 * @throws Error for what it cannot print faithfully.
 */
export function printProto(file: DescFile, header: string): string {
  const syntax = SYNTAX[file.edition];
  if (syntax === undefined) throw new Error(`${file.proto.name}: unknown edition ${file.edition}`);
  const registry = createRegistry(file, ...dependenciesOf(file));
  const sections = [
    header,
    syntax,
    file.proto.package === '' ? '' : `package ${file.proto.package};`,
    file.proto.dependency
      .map((name, i) => importOf(name, file.proto.publicDependency.includes(i)))
      .join('\n'),
    optionStatements(file.proto.options, registry).join('\n'),
    ...file.enums.map((type) => enumLines(type, registry).join('\n')),
    ...file.messages.map((type) => messageLines(type, registry).join('\n')),
    ...file.extensions.map((type) => extensionLines(type, registry).join('\n')),
    ...file.services.map((type) => serviceLines(type, registry).join('\n')),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function dependenciesOf(file: DescFile): DescFile[] {
  return file.dependencies.flatMap((dependency) => [...dependenciesOf(dependency), dependency]);
}

function importOf(name: string, isPublic: boolean): string {
  return `import ${isPublic ? 'public ' : ''}"${name}";`;
}

function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}

function optionStatements(options: Options | undefined, registry: Registry): string[] {
  return printOptions(options, registry).map((option) => `option ${option};`);
}

function enumLines({ name, proto }: DescEnum, registry: Registry): string[] {
  return block(`enum ${name}`, [
    ...optionStatements(proto.options, registry),
    ...proto.reservedRange.map(({ start, end }) => `reserved ${rangeText(start, end, ENUM_NUMBER_MAX)};`),
    ...proto.reservedName.map((reserved) => `reserved "${reserved}";`),
    ...proto.value.map(
      (value) => `${value.name} = ${value.number}${bracketed(printOptions(value.options, registry))};`,
    ),
  ]);
}

function messageLines(message: DescMessage, registry: Registry): string[] {
  const { proto } = message;
  if (proto.extensionRange.some(({ options }) => options !== undefined)) {
    throw new Error(`${message.typeName}: options of extension ranges are not supported`);
  }
  const numbers = ({ start, end }: { start: number; end: number }) =>
    rangeText(start, end - 1, FIELD_NUMBER_END - 1);
  return block(`message ${message.name}`, [
    ...optionStatements(proto.options, registry),
    ...proto.reservedRange.map((range) => `reserved ${numbers(range)};`),
    ...proto.reservedName.map((reserved) => `reserved "${reserved}";`),
    ...proto.extensionRange.map((range) => `extensions ${numbers(range)};`),
    ...message.nestedEnums.flatMap((type) => enumLines(type, registry)),
    ...message.nestedMessages.flatMap((type) => messageLines(type, registry)),
    ...message.members.flatMap((member) =>
      member.kind === 'oneof' ? oneofLines(member, registry) : [fieldText(member, registry)],
    ),
    ...message.nestedExtensions.flatMap((type) => extensionLines(type, registry)),
  ]);
}

function oneofLines({ name, proto, fields }: DescOneof, registry: Registry): string[] {
  return block(`oneof ${name}`, [
    ...optionStatements(proto.options, registry),
    ...fields.map((field) => fieldText(field, registry)),
  ]);
}

function extensionLines(extension: DescExtension, registry: Registry): string[] {
  return block(`extend .${extension.extendee.typeName}`, [fieldText(extension, registry)]);
}

function serviceLines({ name, proto, methods }: DescService, registry: Registry): string[] {
  const typeText = (type: DescMessage, stream: boolean) => `${stream ? 'stream ' : ''}.${type.typeName}`;
  return block(`service ${name}`, [
    ...optionStatements(proto.options, registry),
    ...methods.flatMap((method) => {
      const input = typeText(method.input, method.proto.clientStreaming);
      const output = typeText(method.output, method.proto.serverStreaming);
      const options = optionStatements(method.proto.options, registry);
      const head = `rpc ${method.name}(${input}) returns (${output})`;
      return options.length === 0 ? [`${head};`] : block(head, options);
    }),
  ]);
}

function fieldText(field: DescField | DescExtension, registry: Registry): string {
  const options = [...defaultOption(field), ...printOptions(field.proto.options, registry)];
  return `${labelText(field)}${typeText(field)} ${field.proto.name} = ${field.number}${bracketed(options)};`;
}

function labelText(field: DescField | DescExtension): string {
  if (field.fieldKind === 'list') return 'repeated ';
  if (field.fieldKind === 'map' || field.oneof !== undefined) return '';
  if (field.proto.proto3Optional) return 'optional ';
  const file = field.kind === 'extension' ? field.file : field.parent.file;
  if (file.edition !== Edition.EDITION_PROTO2) return '';
  return field.proto.label === Label.REQUIRED ? 'required ' : 'optional ';
}

function typeText(field: DescField | DescExtension): string {
  if ('delimitedEncoding' in field && field.delimitedEncoding)
    throw new Error(`${field}: groups are not supported`);
  const type = field.message ?? field.enum;
  const value = type === undefined ? scalarName(field.scalar) : `.${type.typeName}`;
  return field.fieldKind === 'map' ? `map<${scalarName(field.mapKey)}, ${value}>` : value;
}

function scalarName(scalar: ScalarType | undefined): string {
  if (scalar === undefined) throw new Error('a field has no type');
  return ScalarType[scalar].toLowerCase();
}

function defaultOption({ proto, scalar }: DescField | DescExtension): string[] {
  if (proto.defaultValue === undefined || proto.defaultValue === '') return [];
  if (scalar === ScalarType.BYTES) throw new Error(`${proto.name}: defaults of bytes are not supported`);
  return [
    `default = ${scalar === ScalarType.STRING ? JSON.stringify(proto.defaultValue) : proto.defaultValue}`,
  ];
}

function rangeText(start: number, last: number, max: number): string {
  if (start === last) return String(start);
  return `${start} to ${last >= max ? 'max' : last}`;
}

function bracketed(options: readonly string[]): string {
  return options.length === 0 ? '' : ` [${options.join(', ')}]`;
}
