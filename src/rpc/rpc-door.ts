import { setMaxListeners } from 'node:events';
import type { DescService } from '@bufbuild/protobuf';
import {
  type ConnectRouterOptions,
  createConnectRouter,
  createServiceImplSpec,
  type Interceptor,
  type ServiceImpl,
} from '@connectrpc/connect';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import { ApiKeyService } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { Health as HealthService } from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionV1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { Health } from '../telemetry/health.ts';
import type { Uploads } from '../uploads/uploads.ts';
import { type ApiKeyServiceDeps, createApiKeyService } from './api-key-service.ts';
import { createDescriptorIndex } from './descriptor-index.ts';
import { createHealthService } from './health-service.ts';
import type { Door } from './http-handler.ts';
import { type ChainDeps, createChain, PUBLIC_CHAIN } from './interceptors.ts';
import { createNodeHandler } from './node-handler.ts';
import { createReflection } from './reflection.ts';
import { createUnaryCall, type UnaryCall } from './unary-call.ts';
import { looksLikeRpc, unknownRpc } from './unknown-rpc.ts';
import { createUploadService } from './upload-service.ts';
import { createValidation } from './validate.ts';

/** The most that one message may take, before and after decompression. A presign request is a few hundred bytes. */
const READ_MAX_BYTES = 64 * 1024;

/** A presigned upload is about a kilobyte; compressing that costs more than it saves. Reflection answers are larger. */
const COMPRESS_MIN_BYTES = 8 * 1024;

export interface RpcDoorDeps extends Omit<ChainDeps, 'validation'>, ApiKeyServiceDeps {
  readonly uploads: Uploads;
  readonly health: Pick<Health, 'isServing' | 'onChange'>;
  /** Ends streams when it aborts. Unary calls that are under way are finished. */
  readonly shutdownSignal: AbortSignal;
}

export interface RpcDoor extends Door {
  /** The product's unary methods, for doors that speak another protocol. */
  readonly calls: readonly UnaryCall[];
  /** Makes ready what the first calls would otherwise have to wait for. Rejects if a validation rule cannot be evaluated. */
  warm(): Promise<void>;
}

/**
 * gRPC, gRPC-Web and Connect for the product's services, health and reflection.
 *
 * @throws Error if a method of the contract lacks its access rule, or takes a stream.
 */
export function createRpcDoor(deps: RpcDoorDeps): RpcDoor {
  const { uploads, health, shutdownSignal } = deps;
  // Every running call listens to it; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, shutdownSignal);
  const products = [UploadService, ApiKeyService];
  const validation = createValidation(products);
  const chain = createChain(products, { ...deps, validation });
  const uploadService = createUploadService(uploads);
  const apiKeyService = createApiKeyService(deps);

  const options: ConnectRouterOptions = {
    acceptCompression: [compressionGzip, compressionBrotli],
    compressMinBytes: COMPRESS_MIN_BYTES,
    readMaxBytes: READ_MAX_BYTES,
    shutdownSignal,
  };
  const everything = [...products, HealthService, ServerReflection, ServerReflectionV1Alpha];
  const reflection = createReflection(createDescriptorIndex(everything));
  const { handlers } = createConnectRouter({ ...options, interceptors: PUBLIC_CHAIN })
    .service(UploadService, uploadService, { interceptors: chain })
    // Strict for every method of the service, as connect knows no finer grain.
    .service(ApiKeyService, apiKeyService, {
      interceptors: chain,
      jsonOptions: { ignoreUnknownFields: false },
    })
    .service(
      HealthService,
      createHealthService(
        health,
        everything.map(({ typeName }) => typeName),
      ),
    )
    .service(ServerReflection, reflection)
    .service(ServerReflectionV1Alpha, reflection);

  const byPath = new Map(handlers.map((handler) => [handler.requestPath, createNodeHandler(handler)]));
  return {
    calls: [
      ...unaryCallsOf(UploadService, uploadService, chain),
      ...unaryCallsOf(ApiKeyService, apiKeyService, chain),
    ],
    warm: validation.warm,
    match: (path) => byPath.get(path) ?? (looksLikeRpc(path) ? unknownRpc : undefined),
  };
}

function unaryCallsOf<S extends DescService>(
  service: S,
  implementation: ServiceImpl<S>,
  chain: readonly Interceptor[],
): UnaryCall[] {
  const { methods } = createServiceImplSpec<S>(service, implementation);
  return Object.values(methods).flatMap((spec) =>
    spec.kind === 'unary' ? [createUnaryCall(spec, chain)] : [],
  );
}
