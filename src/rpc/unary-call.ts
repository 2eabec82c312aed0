import { create, type DescMethodUnary, isMessage, type Message } from '@bufbuild/protobuf';
import type { Interceptor, MethodImplSpec } from '@connectrpc/connect';
import type { Fault } from '../fault/fault.ts';
import type { Batches } from '../flow/batches.ts';
import { mayBeLarge } from './access.ts';
import { identify, type Verify } from './authenticate.ts';
import { type Call, contextOf, routeOf } from './call.ts';
import { LeanRequest, LeanResponse, type Transport } from './lean-request.ts';

/** What a door has to send. */
export interface UnaryAnswer {
  readonly message: Message;
  /** Response headers, if anything set some. */
  readonly header: Headers | undefined;
}

/** One unary method with its whole chain, callable by a door of its own without connect's stream handlers. */
export interface UnaryCall {
  readonly method: DescMethodUnary;
  /** `package.Service/Method`. */
  readonly route: string;
  /** Why a call that has just come is not taken on. Undefined where it is. */
  readonly refusal: () => Fault | undefined;
  /** Has a call worked on that has been read: together with others, where none of them can take long. */
  readonly together: Batches;
  /** Rejects with a ConnectError whose cause, where the chain knows it, is a `Fault`. */
  invoke(message: Message, call: Call, transport: Transport): Promise<UnaryAnswer>;
  /**
   * Whether anybody known is calling, for a door that wants to know it before it takes in a large request. Rejects with
   * the Fault that ends the call otherwise.
   */
  identify(call: Pick<Call, 'authorization' | 'record' | 'origin'>): Promise<void>;
}

/** A method and what implements it. */
export type UnarySpec = Extract<MethodImplSpec, { kind: 'unary' }>;

export interface UnaryCallDeps {
  readonly chain: readonly Interceptor[];
  readonly verify: Verify;
  /** Left out: all calls are taken on. */
  readonly refusal?: UnaryCall['refusal'] | undefined;
  /** Left out: each call is worked on as soon as it has been read. */
  readonly batches?: Batches | undefined;
}

export function createUnaryCall(
  { method, impl }: UnarySpec,
  { chain, verify, refusal = () => undefined, batches = atOnce }: UnaryCallDeps,
): UnaryCall {
  const innermost: ReturnType<Interceptor> = async (request) => {
    if (!(request instanceof LeanRequest)) throw new Error('an interceptor replaced the request');
    const output = await impl(request.message, request);
    return new LeanResponse(
      request,
      isMessage(output, method.output) ? output : create(method.output, output),
    );
  };
  const runChain = chain.reduceRight((next, interceptor) => interceptor(next), innermost);
  return {
    identify: async (call) => void (await identify(verify, call)),
    method,
    route: routeOf(method),
    refusal,
    together: mayBeLarge(method) ? atOnce : batches,
    invoke: async (message, call, transport) => {
      const response = await runChain(new LeanRequest(method, message, contextOf(call), transport));
      if (!(response instanceof LeanResponse)) throw new Error('an interceptor replaced the response');
      return { message: response.message, header: response.headerIfUsed };
    },
  };
}

function atOnce(work: () => void): void {
  work();
}
