// A short run of `npm run fuzz`, and every input that once found something.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCampaign, send } from '../fuzz/campaign.ts';
import { type FuzzInput, inputFromText } from '../fuzz/input.ts';
import { judgeLine, judgeOutcome } from '../fuzz/judge.ts';
import { openSubject, type Subject } from '../fuzz/subject.ts';
import { TARGETS } from '../fuzz/targets.ts';
import type { LogLine } from '../support/program.ts';

const CORPUS = join(import.meta.dirname, '../fuzz/corpus');
const SEED = 1;
const INPUTS = 2_000;

let subject: Subject;
beforeAll(async () => {
  subject = await openSubject();
});
afterAll(() => subject[Symbol.asyncDispose]());

it('bears every input that once found something', async () => {
  const files = await readdir(CORPUS);
  const inputs: FuzzInput[] = [];
  for (const file of files) inputs.push(inputFromText(await readFile(join(CORPUS, file), 'utf8')));
  expect(inputs.length).toBeGreaterThan(5);
  // One by one, as each may end the process.
  const outcomes = [];
  for (const input of inputs) outcomes.push(...(await send(subject.program.port, [input])));
  expect(outcomes.map(judgeOutcome).filter((problem) => problem !== undefined)).toEqual([]);
  await subject.checkHealth();
  const lines = await linesUpTo(`/livez-is-fine-${SEED}`);
  const byId = new Map(inputs.map((input) => [input.id, input]));
  expect(lines.map((line) => judgeLine(line, byId)).filter((problem) => problem !== undefined)).toEqual([]);
});

it(`finds nothing with ${INPUTS} inputs`, async () => {
  const { findings, totals } = await runCampaign({ subject, targets: TARGETS, seed: SEED, inputs: INPUTS });
  expect(findings.map(({ input, problem }) => `${input?.id}: ${problem}`)).toEqual([]);
  expect(totals.map(({ target }) => target)).toEqual(TARGETS.map(({ name }) => name));
});

/** All that is in the log until a request for this path, which nothing answers, has come there. */
async function linesUpTo(path: string): Promise<LogLine[]> {
  await fetch(subject.program.url + path);
  await subject.program.untilPrinted(path);
  return subject.newLines();
}
