// What S3 answers to a question, refusals included. Pure.

export interface Refusal {
  /** The HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** S3's code for it, or the name of what kept S3 from answering. */
  readonly code: string;
  /** The bucket's region, where the refusal tells it. */
  readonly region: string | undefined;
}

export type Asked<T> = { readonly value: T } | { readonly refusal: Refusal };

/** Whether the server does not have the call at all. */
export function isLacking({ status, code }: Refusal): boolean {
  return status === 501 || status === 405 || code === 'NotImplemented';
}

export function refusalText({ status, code }: Refusal): string {
  return status === undefined ? `no answer (${code})` : `${status} ${code}`;
}
