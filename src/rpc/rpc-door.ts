import { setMaxListeners } from 'node:events';
import type { DescService } from '@bufbuild/protobuf';
import {
  type ConnectRouterOptions,
  createConnectRouter,
  createServiceImplSpec,
  type ServiceImpl,
} from '@connectrpc/connect';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import { ApiKeyService } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { Health as HealthService } from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionV1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { Health } from '../telemetry/health.ts';
import { accessRuleOf, REQUEST_DEFAULT_MAX_BYTES, requestMaxBytes } from './access.ts';
import { type ApiKeyServiceDeps, createApiKeyService } from './api-key-service.ts';
import { createDescriptorIndex } from './descriptor-index.ts';
import { createHealthService } from './health-service.ts';
import type { Door } from './http-handler.ts';
import { type ChainDeps, createChain, PUBLIC_CHAIN } from './interceptors.ts';
import { createCallCount } from './limit.ts';
import { createNodeHandler } from './node-handler.ts';
import { createReflection } from './reflection.ts';
import { createUnaryCall, type UnaryCall, type UnarySpec } from './unary-call.ts';
import { looksLikeRpc, unknownRpc } from './unknown-rpc.ts';
import { createUploadService, type UploadServiceDeps } from './upload-service.ts';
import { createValidation } from './validate.ts';

/** A presigned upload is about a kilobyte; compressing that costs more than it saves. Reflection answers are larger. */
const COMPRESS_MIN_BYTES = 8 * 1024;

export interface RpcDoorDeps
  extends Omit<ChainDeps, 'validation'>,
    ApiKeyServiceDeps,
    Pick<UploadServiceDeps, 'uploads' | 'uploadTokens'> {
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
  const { health, shutdownSignal, limiter, wallClockMs, admission } = deps;
  // Every running call listens to it; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, shutdownSignal);
  const products = [UploadService, ApiKeyService];
  const validation = createValidation(products);
  const chain = createChain(products, { ...deps, validation });
  const countCall = createCallCount(limiter, wallClockMs);
  const methods = [
    ...unaryMethodsOf(UploadService, createUploadService({ ...deps, countCall, validation })),
    ...unaryMethodsOf(ApiKeyService, createApiKeyService(deps)),
  ];

  const options: ConnectRouterOptions = {
    acceptCompression: [compressionGzip, compressionBrotli],
    compressMinBytes: COMPRESS_MIN_BYTES,
    readMaxBytes: REQUEST_DEFAULT_MAX_BYTES,
    shutdownSignal,
  };
  const everything = [...products, HealthService, ServerReflection, ServerReflectionV1Alpha];
  const reflection = createReflection(createDescriptorIndex(everything));
  const router = createConnectRouter({ ...options, interceptors: PUBLIC_CHAIN })
    .service(
      HealthService,
      createHealthService(
        health,
        everything.map(({ typeName }) => typeName),
      ),
    )
    .service(ServerReflection, reflection)
    .service(ServerReflectionV1Alpha, reflection);
  for (const { method, impl } of methods) {
    router.rpc(method, impl, {
      interceptors: chain,
      // Before and after decompression.
      readMaxBytes: requestMaxBytes(method),
      jsonOptions: { ignoreUnknownFields: !accessRuleOf(method).refuseUnknownFields },
    });
  }

  const byPath = new Map(
    router.handlers.map((handler) => {
      // Whether this instance is well must be heard above all when it is not.
      const isHealth = handler.service.typeName === HealthService.typeName;
      return [handler.requestPath, createNodeHandler(handler, isHealth ? undefined : admission?.refusal)];
    }),
  );
  return {
    calls: methods.map((spec) => createUnaryCall(spec, chain, deps.verify, admission?.refusal)),
    warm: validation.warm,
    match: (path) => byPath.get(path) ?? (looksLikeRpc(path) ? unknownRpc : undefined),
  };
}

function unaryMethodsOf<S extends DescService>(service: S, implementation: ServiceImpl<S>): UnarySpec[] {
  const { methods } = createServiceImplSpec<S>(service, implementation);
  return Object.values(methods).filter((spec) => spec.kind === 'unary');
}
