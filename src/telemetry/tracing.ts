import {
  type Attributes,
  type ContextManager,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { RequestEnd, RequestRecord } from './request-record.ts';
import { errorTypeOf, requestAttributes, requestSpanName, serverFailed } from './span-attributes.ts';

/** A request as the edge has it. Its listeners run within the request's span. */
interface TracedRequest {
  readonly headers: object;
  /** What emits the events of a request over HTTP/2. One over HTTP/1.1 does so itself. */
  readonly stream?: object;
}

/** Which methods of a port get a span, and what all those spans say. */
export interface PortCalls<T> {
  /** What is called, such as `redis`: the spans are named `<system> <method>`. */
  readonly system: string;
  readonly methods: readonly (keyof T & string)[];
  readonly attributes: Attributes;
}

/** Spans of requests, and of what requests ask others for. Exists only where traces are exported. */
export interface Tracing {
  /**
   * Serves a request within a span, which continues the caller's trace where the request names one. The record gets the
   * trace's id. The span ends with `requestEnded`.
   */
  serve(request: TracedRequest, record: RequestRecord, serve: () => void): void;
  requestEnded(record: RequestRecord, end: RequestEnd): void;
  /** The work, to be done later within the span in which it was handed over. */
  bound(work: () => void): () => void;
  /** Notes in the span of the request that is being served, if any, that something happened. */
  note(event: string, attributes: Attributes): void;
  /** The port, with a span for each call that a request waits for. */
  port<T extends object>(port: T, calls: PortCalls<T>): T;
}

export interface TracingDeps {
  readonly tracer: Tracer;
  readonly contexts: Pick<ContextManager, 'active' | 'with' | 'bind'>;
  /** Takes the secrets out of a text, for what a careless caller put where it does not belong. */
  readonly redact: (text: string) => string;
}

export function createTracing({ tracer, contexts, redact }: TracingDeps): Tracing {
  const propagator = new W3CTraceContextPropagator();
  const headers = createHeaderGetter(redact);
  const spans = new WeakMap<RequestRecord, Span>();

  /** Undefined outside of requests, in those that are not sampled, and in what goes on after the answer. */
  function currentSpan(): Span | undefined {
    const span = trace.getSpan(contexts.active());
    return span?.isRecording() ? span : undefined;
  }

  return {
    serve(request, record, serve) {
      const parent = propagator.extract(ROOT_CONTEXT, request.headers, headers);
      // What it is called will be known at its end.
      const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent);
      spans.set(record, span);
      record.traceId = span.spanContext().traceId;
      const context = trace.setSpan(parent, span);
      // A request's events come from its connection, which knows nothing of the span.
      contexts.bind(context, request.stream ?? request);
      contexts.with(context, serve);
    },

    requestEnded(record, end) {
      const span = spans.get(record);
      if (span === undefined) return;
      spans.delete(record);
      if (span.isRecording()) {
        span.updateName(requestSpanName(record, end));
        span.setAttributes(requestAttributes({ ...record, requestId: redact(record.requestId) }, end));
        if (serverFailed(record, end)) span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },

    bound: (work) => contexts.bind(contexts.active(), work),

    note: (event, attributes) => void currentSpan()?.addEvent(event, attributes),

    port: (port, calls) =>
      tracedPort(port, calls, (name, options, callNow) => {
        if (currentSpan() === undefined) return callNow();
        return settled(tracer.startSpan(name, options, contexts.active()), callNow);
      }),
  };
}

/** Reads headers, but for those that hold secrets: `tracestate` is exported as it came. */
function createHeaderGetter(redact: (text: string) => string): TextMapGetter<object> {
  return {
    keys: Object.keys,
    get: (headers, name) => {
      const value: unknown = Reflect.get(headers, name);
      return typeof value === 'string' && redact(value) === value ? value : undefined;
    },
  };
}

/** The port, whose methods of that name are called within `call`. */
function tracedPort<T extends object>(
  port: T,
  { system, methods, attributes }: PortCalls<T>,
  call: (name: string, options: SpanOptions, callNow: () => unknown) => unknown,
): T {
  const options = { kind: SpanKind.CLIENT, attributes };
  const traced = methods.map((method) => {
    const untraced = port[method];
    if (typeof untraced !== 'function') throw new Error(`${system} has no ${method}`);
    const callTraced = (...args: unknown[]): unknown =>
      call(`${system} ${method}`, options, () => Reflect.apply(untraced, port, args));
    return [method, callTraced] as const;
  });
  return { ...port, ...Object.fromEntries(traced) };
}

/** Calls, and ends the span when the call has ended, whether or not it answers a promise. */
function settled(span: Span, call: () => unknown): unknown {
  const fail = (error: unknown): never => {
    // Not the message, which may say what the call was about.
    span.setAttribute('error.type', errorTypeOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    throw error;
  };
  const succeed = (value: unknown) => {
    span.end();
    return value;
  };
  try {
    const result = call();
    return result instanceof Promise ? result.then(succeed, fail) : succeed(result);
  } catch (error) {
    return fail(error);
  }
}
