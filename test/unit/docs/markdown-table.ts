/** The cells of the first table below a heading, without its head. Backslashes before pipes are not known here. */
export function markdownTable(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const below = lines.slice(lines.indexOf(heading) + 1);
  const start = below.findIndex((line) => line.startsWith('|'));
  const length = below.slice(start).findIndex((line) => !line.startsWith('|'));
  return below.slice(start + 2, start + length).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
