import type { DescService } from '@bufbuild/protobuf';
import { createConnectRouter, createServiceImplSpec, type ServiceImpl } from '@connectrpc/connect';
import { ApiKeyService } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { Health as HealthService } from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionV1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { Batches } from '../flow/batches.ts';
import type { Health } from '../telemetry/health.ts';
import { accessRuleOf, mayBeLarge, REQUEST_DEFAULT_MAX_BYTES, requestMaxBytes } from './access.ts';
import { type ApiKeyServiceDeps, createApiKeyService } from './api-key-service.ts';
import { createDescriptorIndex } from './descriptor-index.ts';
import { createHealthService } from './health-service.ts';
import type { Door } from './http-handler.ts';
import { type ChainDeps, createChain, PUBLIC_CHAIN } from './interceptors.ts';
import { knownCallers } from './known-callers.ts';
import type { LeanMethod } from './lean-handler.ts';
import { createCallCount } from './limit.ts';
import { createReflection } from './reflection.ts';
import { createRouterDoor, routerOptions } from './router-door.ts';
import { createUnaryCall, type UnaryCall, type UnarySpec } from './unary-call.ts';
import { createUploadService, type UploadServiceDeps } from './upload-service.ts';
import { createValidation } from './validate.ts';

export interface RpcDoorDeps
  extends Omit<ChainDeps, 'validation'>,
    ApiKeyServiceDeps,
    Pick<UploadServiceDeps, 'uploads' | 'uploadTokens'> {
  readonly health: Pick<Health, 'isServing' | 'onChange'>;
  /** Left out: each call is worked on as soon as it has been read. */
  readonly batches?: Batches | undefined;
  /** Ends streams when it aborts. Unary calls that are under way are finished. */
  readonly shutdownSignal: AbortSignal;
  /** False: every call goes through connect's own handlers, which the lean path is held to. */
  readonly lean?: boolean;
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
  const products = [UploadService, ApiKeyService];
  const validation = createValidation(products);
  const chain = createChain(products, { ...deps, validation });
  const countCall = createCallCount(limiter, wallClockMs);
  const methods = [
    ...unaryMethodsOf(UploadService, createUploadService({ ...deps, countCall, validation })),
    ...unaryMethodsOf(ApiKeyService, createApiKeyService(deps)),
  ];

  const everything = [...products, HealthService, ServerReflection, ServerReflectionV1Alpha];
  const reflection = createReflection(createDescriptorIndex(everything));
  const limits = { readMaxBytes: REQUEST_DEFAULT_MAX_BYTES, shutdownSignal };
  const router = createConnectRouter({ ...routerOptions(limits), interceptors: PUBLIC_CHAIN })
    .service(
      HealthService,
      createHealthService(
        health,
        everything.map(({ typeName }) => typeName),
      ),
    )
    .service(ServerReflection, reflection)
    .service(ServerReflectionV1Alpha, reflection);
  const callDeps = { ...deps, chain, refusal: admission?.refusal };
  const leanMethods = methods.map((spec): LeanMethod => {
    const { method, impl } = spec;
    // Before and after decompression.
    const readMaxBytes = requestMaxBytes(method);
    const jsonOptions = { ignoreUnknownFields: !accessRuleOf(method).refuseUnknownFields };
    const gate = mayBeLarge(method) ? { requestGate: knownCallers(deps.verify) } : {};
    router.rpc(method, impl, { interceptors: chain, readMaxBytes, jsonOptions, ...gate });
    return { call: createUnaryCall(spec, callDeps), readMaxBytes, jsonOptions };
  });

  // Whether this instance is well must be heard above all when it is not.
  const refusalOf = ({ typeName }: DescService) =>
    typeName === HealthService.typeName ? undefined : admission?.refusal;
  return {
    calls: leanMethods.map(({ call }) => call),
    warm: validation.warm,
    match: createRouterDoor(router, { refusalOf, leanMethods: deps.lean === false ? [] : leanMethods }).match,
  };
}

function unaryMethodsOf<S extends DescService>(service: S, implementation: ServiceImpl<S>): UnarySpec[] {
  const { methods } = createServiceImplSpec<S>(service, implementation);
  return Object.values(methods).filter((spec) => spec.kind === 'unary');
}
