import { Fault, type FieldViolation } from '../fault/fault.ts';
import { REASONS } from '../fault/reasons.ts';
import type { HttpAnswer } from './http-exchange.ts';
import { printable } from './printable.ts';

/** The error body of every REST path, as far as a person is told of it. */
interface Envelope {
  readonly message: string;
  readonly details: readonly FieldViolation[];
  readonly requestId: string | undefined;
}

/** The server itself does not say which. */
const UNACCEPTED = 'it may be revoked, expired, disabled, or a key of another server.';

/**
 * The error for an answer that is not 200: a Fault where the store would throw one, so that options are blamed and ids
 * are named the same way; else an Error with one line that says what to do.
 */
export function errorFromAnswer(baseUrl: string, answer: HttpAnswer): Error {
  const { status, headers } = answer;
  const envelope = envelopeFrom(answer);
  // Whatever the body: also a proxy in front may check keys.
  if (status === 401) {
    return line(`${baseUrl} does not accept the key in PRESIGND_API_KEY (401): ${UNACCEPTED}`);
  }
  if (envelope === undefined) return foreignAnswer(baseUrl, answer);
  const { message, details, requestId } = envelope;
  if (status === 400 && details.length > 0) return new Fault('INVALID_REQUEST', { fields: details });
  if (status === 404 && message === REASONS.API_KEY_NOT_FOUND.publicMessage) {
    return new Fault('API_KEY_NOT_FOUND');
  }
  const fields = details.map(({ field, message }) => `; ${field} ${message}`).join('');
  const retry = /^\d{1,6}$/.exec(headers.get('retry-after') ?? '');
  return line(
    [
      `${message}${fields} (${status}).`,
      ...(retry ? [`Try again in ${retry[0]} s.`] : []),
      ...(requestId === undefined ? [] : [`The server's log has more under ${requestId}.`]),
    ].join(' '),
  );
}

/** For an answer that presignd does not give. */
export function foreignAnswer(baseUrl: string, { status, headers }: HttpAnswer): Error {
  const location = headers.get('location');
  if (status >= 300 && status < 400 && location !== null) {
    return line(`${baseUrl} answered ${status} and points to ${location}: name presignd itself with --url.`);
  }
  return line(`${baseUrl} answered ${status} with something that presignd does not say. Is it a presignd?`);
}

function line(text: string): Error {
  return new Error(printable(text));
}

function envelopeFrom({ status, text }: HttpAnswer): Envelope | undefined {
  const json = parsed(text);
  if (!isObject(json) || typeof json['message'] !== 'string' || json['code'] !== status) return undefined;
  const { message, details, requestId } = json;
  return {
    message,
    details: Array.isArray(details) ? details.filter(isFieldViolation) : [],
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isFieldViolation(value: unknown): value is FieldViolation {
  return isObject(value) && typeof value['field'] === 'string' && typeof value['message'] === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
