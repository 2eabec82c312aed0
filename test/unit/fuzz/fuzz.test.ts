// That the attacks of `npm run fuzz` can be repeated, and that their judge would notice.
import { describe, expect, it } from 'vitest';
import { makeInput } from '../../fuzz/campaign.ts';
import { type FuzzInput, inputFromText, textFromInput } from '../../fuzz/input.ts';
import { judgeLine, judgeOutcome } from '../../fuzz/judge.ts';
import { TARGETS } from '../../fuzz/targets.ts';
import { parseAnswers } from '../../fuzz/wire/http1-answers.ts';
import { answersAllowed, readStrictly } from '../../fuzz/wire/strict-http1.ts';

const HIDDEN = 'GET /smuggled/a-1 HTTP/1.1\r\nHost: a\r\n\r\n';

function post(lines: string, body: string): string {
  return `POST /x HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n${body}`;
}

describe('inputs', () => {
  it.each(TARGETS)('of $name are the same for the same seed, and others for another', (target) => {
    const bytesOf = (seed: number) =>
      Array.from({ length: 50 }, (_, i) => textFromInput(makeInput(target, seed, i), '')).join('');
    expect(bytesOf(1)).toBe(bytesOf(1));
    expect(bytesOf(1)).not.toBe(bytesOf(2));
  });

  it('survive being written to a file', () => {
    for (const target of TARGETS) {
      const input = makeInput(target, 3, 4);
      const bytes = ({ pieces }: FuzzInput) => pieces.map((piece) => Buffer.from(piece).toString('hex'));
      const read = inputFromText(textFromInput(input, 'none'));
      expect([read.id, read.channel, bytes(read)]).toEqual([input.id, input.channel, bytes(input)]);
    }
  });
});

describe('a strict reading', () => {
  it.each([
    ['a length', post(`Content-Length: ${HIDDEN.length}`, HIDDEN), 1, 1],
    ['chunks', post('Transfer-Encoding: chunked', `2\r\n{}\r\n0\r\n\r\n${HIDDEN}`), 2, 2],
    ['no body', `GET /x HTTP/1.1\r\nHost: a\r\n\r\n${HIDDEN}`, 2, 2],
    ['two lengths', post('Content-Length: 0\r\nContent-Length: 9', HIDDEN), 0, 1],
    [
      'a length and chunks',
      post('Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${HIDDEN}`),
      0,
      1,
    ],
    ['a coding in front of chunked', post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${HIDDEN}`), 0, 1],
    ['a space before the colon', post('Content-Length : 0', HIDDEN), 0, 1],
    ['a bare line feed', `GET /x HTTP/1.1\nHost: a\n\n${HIDDEN}`, 0, 1],
    [
      'a chunk size that is none',
      post('Transfer-Encoding: chunked', `0x2\r\n{}\r\n0\r\n\r\n${HIDDEN}`),
      0,
      2,
    ],
    ['half a body', post('Content-Length: 9', '{'), 0, 2],
    ['a last request', post('Content-Length: 0\r\nConnection: close', HIDDEN), 1, 1],
  ])('of %s finds the requests that are there', (_name, text, requests, answers) => {
    const reading = readStrictly(Buffer.from(text));
    expect([reading.requests.length, answersAllowed(reading)]).toEqual([requests, answers]);
  });
});

describe('the judge', () => {
  const request = { msg: 'request', level: 'info', status: 404, code: 'not_found', route: 'unmatched' };
  const inputWith = (text: string) =>
    new Map([['a-1', { id: 'a-1', channel: 'http1-raw', pieces: [Buffer.from(text)] } as const]]);

  it('finds a request in a body, and none where one may be', () => {
    const line = { ...request, path: '/smuggled/a-1' };
    const inBody = inputWith(post(`Content-Length: ${HIDDEN.length}`, HIDDEN));
    expect(judgeLine(line, inBody)).toMatch(/strict parsing has none/);
    expect(judgeLine(line, inputWith(post('Content-Length: 0', HIDDEN)))).toBeUndefined();
  });

  it.each([
    { level: 'error' },
    { status: 500 },
    { status: 503, reason: 'STORE_UNAVAILABLE' },
    { code: 'internal' },
    { code: 'internal', protocol: 'grpc', reason: 'INTERNAL' },
  ])('finds %o in the log', (what) => {
    expect(judgeLine({ ...request, path: '/x', ...what }, new Map())).toBeDefined();
  });

  it('finds a 5xx on the wire, unless it says nothing of a defect', () => {
    expect(judgeOutcome({ statuses: [200, 500] })).toBe('answered 500');
    expect(judgeOutcome({ statuses: [501, 504, 505] })).toBeUndefined();
    expect(judgeOutcome({ statuses: [], problem: 'hangs' })).toBe('hangs');
  });
});

it('answers are told apart, whole ones only', () => {
  const bytes = Buffer.from(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}' +
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n{',
  );
  const { answers, nonsense } = parseAnswers(bytes, ['POST', 'POST', 'HEAD', 'GET'], false);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(nonsense).toBeUndefined();
});
