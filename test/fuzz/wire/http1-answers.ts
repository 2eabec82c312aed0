/** The head of one answer, and whether its whole body has come. */
export interface Http1Answer {
  readonly status: number;
  /** The server hangs up behind it. */
  readonly closes: boolean;
}

export interface ParsedAnswers {
  readonly answers: readonly Http1Answer[];
  /** Bytes behind the last whole answer. */
  readonly rest: number;
  /** What is no HTTP at all. */
  readonly nonsense: string | undefined;
}

/** Whole answers in these bytes. `methods` are those of the requests, as HEAD is answered without a body. */
export function parseAnswers(bytes: Buffer, methods: readonly string[], hasEnded: boolean): ParsedAnswers {
  const answers: Http1Answer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd === -1) break;
    const head = bytes.toString('latin1', at, headEnd);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${head} `)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) return { answers, rest: bytes.length - at, nonsense: head.slice(0, 200) };
    const isBodiless = methods[answers.length] === 'HEAD' || status === 204 || status === 304 || status < 200;
    const end = isBodiless ? headEnd + 4 : bodyEnd(bytes, head, headEnd + 4, hasEnded);
    if (end === undefined) break;
    at = end;
    if (status >= 200) answers.push({ status, closes: /^connection: close/im.test(head) });
  }
  return { answers, rest: bytes.length - at, nonsense: undefined };
}

function bodyEnd(bytes: Buffer, head: string, start: number, hasEnded: boolean): number | undefined {
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return end <= bytes.length ? end : undefined;
  }
  if (!/^transfer-encoding: chunked/im.test(head)) {
    // Node's bare answers to what it cannot parse have neither; the hang-up ends those without a body at once.
    if (/^connection: close/im.test(head)) return hasEnded ? bytes.length : start;
    return start;
  }
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (size === 0) {
      const trailersEnd = bytes.indexOf('\r\n\r\n', lineEnd);
      return trailersEnd === -1 ? undefined : trailersEnd + 4;
    }
    at = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || at > bytes.length) return undefined;
  }
}
