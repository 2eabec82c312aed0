import { Code, ConnectError } from '@connectrpc/connect';
import { Fault } from '../fault/fault.ts';

const MESSAGE = 'must be a protobuf message of the type that the method takes';

/** The fault of a request that is no message of its method. */
export function undecodable(): Fault {
  return new Fault('INVALID_REQUEST', { fields: [{ field: 'body', message: MESSAGE }] });
}

/** The messages of a caller's stream, where one that is no message is the caller's fault and no defect of ours. */
export async function* decodableMessages<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw error instanceof ConnectError && error.code === Code.Internal ? undecodable() : error;
  }
}
