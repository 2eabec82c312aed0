import type { DescFile } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { DescriptorIndex } from './descriptor-index.ts';
import { untilAborted } from './until-aborted.ts';

/** What grpc.reflection.v1 and v1alpha ask. The two versions differ only in their package. */
type Query =
  | {
      case: 'fileByFilename' | 'fileContainingSymbol' | 'allExtensionNumbersOfType' | 'listServices';
      value: string;
    }
  | { case: 'fileContainingExtension'; value: { containingType: string; extensionNumber: number } }
  | { case: undefined };

type Answer =
  | { case: 'listServicesResponse'; value: { service: { name: string }[] } }
  | { case: 'fileDescriptorResponse'; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: 'allExtensionNumbersResponse'; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: 'errorResponse'; value: { errorCode: number; errorMessage: string } };

/** The one method of gRPC server reflection, for both of its versions. */
export function createReflection(index: DescriptorIndex) {
  return {
    async *serverReflectionInfo<Request extends { host: string; messageRequest: Query }>(
      requests: AsyncIterable<Request>,
      { signal }: { signal: AbortSignal },
    ) {
      const sent = new Set<DescFile>();
      for await (const request of untilAborted(requests, signal)) {
        const messageResponse = answer(index, request.messageRequest, sent);
        yield { validHost: request.host, originalRequest: request, messageResponse };
      }
    },
  };
}

function answer(index: DescriptorIndex, query: Query, sent: Set<DescFile>): Answer {
  switch (query.case) {
    case 'listServices':
      return {
        case: 'listServicesResponse',
        value: { service: index.serviceNames.map((name) => ({ name })) },
      };
    case 'fileByFilename':
      return fileAnswer(index, index.fileByName(query.value), query.value, sent);
    case 'fileContainingSymbol':
      return fileAnswer(index, index.fileBySymbol(query.value), query.value, sent);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = query.value;
      const file = index.fileByExtension(containingType, extensionNumber);
      return fileAnswer(index, file, `extension ${extensionNumber} of ${containingType}`, sent);
    }
    case 'allExtensionNumbersOfType': {
      const numbers = index.extensionNumbers(query.value);
      if (numbers === undefined) return notFound(query.value);
      return {
        case: 'allExtensionNumbersResponse',
        value: { baseTypeName: query.value, extensionNumber: numbers },
      };
    }
    case undefined:
      throw new ConnectError('message_request is not set', Code.InvalidArgument);
  }
}

/** The file and all that it imports, except what this stream has already been sent. */
function fileAnswer(
  index: DescriptorIndex,
  root: DescFile | undefined,
  asked: string,
  sent: Set<DescFile>,
): Answer {
  if (root === undefined) return notFound(asked);
  const files = new Set([root]);
  // A Set visits what is added while it is being walked.
  for (const file of files) for (const dependency of file.dependencies) files.add(dependency);
  const news = [...files].filter((file) => file === root || !sent.has(file));
  for (const file of news) sent.add(file);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: news.map(index.serialize) } };
}

function notFound(asked: string): Answer {
  return { case: 'errorResponse', value: { errorCode: Code.NotFound, errorMessage: `not found: ${asked}` } };
}
