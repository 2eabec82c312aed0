import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import type { ContextValues, HandlerContext, UnaryRequest, UnaryResponse } from '@connectrpc/connect';

/** What a call needs to know of the HTTP exchange that carries it. Costly parts are asked for only when used. */
export interface Transport {
  /** As in HandlerContext, such as `rest`. */
  readonly protocolName: string;
  readonly requestMethod: string;
  readonly url: string;
  requestHeader(): Headers;
  /** Aborts when the caller goes away, or its deadline passes. */
  signal(): AbortSignal;
  /** As in HandlerContext. */
  timeoutMs(): number | undefined;
  /** Headers of the answer, be it a message or an error; undefined where nothing has asked for them to set one. */
  responseHeader?: Headers | undefined;
  /** The same of its trailers. */
  responseTrailer?: Headers | undefined;
}

/**
 * The interceptors' request and the implementation's context in one object. Headers and signal cost more than the
 * rest of a call together, so they are made on first use; classes, because getters then cost nothing per call.
 */
export class LeanRequest implements UnaryRequest, HandlerContext {
  readonly stream = false;
  readonly method: DescMethodUnary;
  readonly message: Message;
  readonly contextValues: ContextValues;
  readonly #transport: Transport;
  #signal: AbortSignal | undefined;
  #requestHeader: Headers | undefined;

  constructor(method: DescMethodUnary, message: Message, contextValues: ContextValues, transport: Transport) {
    this.method = method;
    this.message = message;
    this.contextValues = contextValues;
    this.#transport = transport;
  }

  get service() {
    return this.method.parent;
  }

  get values() {
    return this.contextValues;
  }

  get protocolName() {
    return this.#transport.protocolName;
  }

  get requestMethod() {
    return this.#transport.requestMethod;
  }

  get url() {
    return this.#transport.url;
  }

  get signal() {
    this.#signal ??= this.#transport.signal();
    return this.#signal;
  }

  get header() {
    return this.requestHeader;
  }

  get requestHeader() {
    this.#requestHeader ??= this.#transport.requestHeader();
    return this.#requestHeader;
  }

  get responseHeader() {
    this.#transport.responseHeader ??= new Headers();
    return this.#transport.responseHeader;
  }

  get responseHeaderIfUsed() {
    return this.#transport.responseHeader;
  }

  get responseTrailer() {
    this.#transport.responseTrailer ??= new Headers();
    return this.#transport.responseTrailer;
  }

  timeoutMs() {
    return this.#transport.timeoutMs();
  }
}

export class LeanResponse implements UnaryResponse {
  readonly stream = false;
  readonly message: Message;
  readonly #request: LeanRequest;

  constructor(request: LeanRequest, message: Message) {
    this.#request = request;
    this.message = message;
  }

  get method() {
    return this.#request.method;
  }

  get service() {
    return this.#request.service;
  }

  get header() {
    return this.#request.responseHeader;
  }

  /** The headers, unless nothing has asked for them: then nothing has set any. */
  get headerIfUsed() {
    return this.#request.responseHeaderIfUsed;
  }

  get trailer() {
    return this.#request.responseTrailer;
  }
}
