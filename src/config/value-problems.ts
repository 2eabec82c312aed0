/** Several problems with one value. Each begins with the path of what it is about, such as `.avatars.bucket must …`. */
export class ValueProblems extends Error {
  override readonly name = 'ValueProblems';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** What is wrong with the value of that name, a line for each problem. */
export function problemLines(name: string, error: unknown): readonly string[] {
  if (error instanceof ValueProblems) return error.problems.map((problem) => `${name}${problem}`);
  return [`${name} ${error instanceof Error ? error.message : String(error)}`];
}
