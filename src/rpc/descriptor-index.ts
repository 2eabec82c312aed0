import { type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** What a reflection client can ask for: files by their name and by what they define. */
export interface DescriptorIndex {
  readonly serviceNames: readonly string[];
  fileByName(name: string): DescFile | undefined;
  /** The file that defines a message, enum, service, extension, field, oneof, enum value or method. */
  fileBySymbol(name: string): DescFile | undefined;
  fileByExtension(extendee: string, number: number): DescFile | undefined;
  /** Ascending; undefined if there is no such message. */
  extensionNumbers(extendee: string): number[] | undefined;
  /** The file as a serialized google.protobuf.FileDescriptorProto. */
  serialize(file: DescFile): Uint8Array;
}

/** Indexes the services' files and everything that they import. */
export function createDescriptorIndex(services: readonly DescService[]): DescriptorIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  const serialized = new Map<DescFile, Uint8Array>();

  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    for (const symbol of symbolsOf(file)) symbols.set(symbol, file);
    for (const { extendee, number } of extensionsOf(file)) {
      const byNumber = extensions.get(extendee.typeName) ?? new Map<number, DescFile>();
      extensions.set(extendee.typeName, byNumber.set(number, file));
    }
    file.dependencies.forEach(add);
  };
  for (const { file } of services) add(file);

  return {
    serviceNames: services.map(({ typeName }) => typeName).sort(),
    fileByName: (name) => files.get(name),
    fileBySymbol: (name) => symbols.get(name.replace(/^\./, '')),
    fileByExtension: (extendee, number) => extensions.get(extendee)?.get(number),
    extensionNumbers: (extendee) =>
      symbols.has(extendee) ? [...(extensions.get(extendee)?.keys() ?? [])].sort((a, b) => a - b) : undefined,
    serialize: (file) => {
      const bytes = serialized.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
      serialized.set(file, bytes);
      return bytes;
    },
  };
}

function symbolsOf(file: DescFile): string[] {
  const prefix = file.proto.package === '' ? '' : `${file.proto.package}.`;
  return [...nestedTypes(file)].flatMap((type) => {
    switch (type.kind) {
      case 'message':
        return [
          type.typeName,
          ...[...type.fields, ...type.oneofs].map(({ name }) => `${type.typeName}.${name}`),
        ];
      case 'enum': {
        // Protobuf takes C++ scoping: an enum's values live beside it, not in it.
        const scope = type.parent === undefined ? prefix : `${type.parent.typeName}.`;
        return [type.typeName, ...type.values.map(({ name }) => `${scope}${name}`)];
      }
      case 'service':
        return [type.typeName, ...type.methods.map(({ name }) => `${type.typeName}.${name}`)];
      default:
        return [type.typeName];
    }
  });
}

function extensionsOf(file: DescFile) {
  return [...nestedTypes(file)].filter((type) => type.kind === 'extension');
}
