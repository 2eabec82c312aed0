// The yardstick of gRPC: grpc-js with the same messages and the same codec, and nothing to do between them.
import { create, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import {
  CreateS3UploadRequestSchema,
  CreateS3UploadResponseSchema,
} from '../../../gen/upload/v1/upload_service_pb.js';
import { EXAMPLE_ANSWER } from '../example.ts';

type UploadRequest = MessageShape<typeof CreateS3UploadRequestSchema>;
type UploadResponse = MessageShape<typeof CreateS3UploadResponseSchema>;

const definition = {
  createS3Upload: {
    path: '/upload.v1.UploadService/CreateS3Upload',
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: UploadRequest) => Buffer.from(toBinary(CreateS3UploadRequestSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(CreateS3UploadRequestSchema, bytes),
    responseSerialize: (message: UploadResponse) =>
      Buffer.from(toBinary(CreateS3UploadResponseSchema, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(CreateS3UploadResponseSchema, bytes),
  },
} satisfies ServiceDefinition;

const server = new Server();
server.addService(definition, {
  createS3Upload: (
    call: { readonly request: UploadRequest },
    answer: (error: null, message: UploadResponse) => void,
  ) => {
    const fileKey = `${EXAMPLE_ANSWER.fileKey}${call.request.filename}`;
    answer(null, create(CreateS3UploadResponseSchema, { ...EXAMPLE_ANSWER, fileKey }));
  },
});
server.bindAsync(`127.0.0.1:${process.argv[2]}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
