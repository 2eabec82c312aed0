// How generated pages are laid out.

const NOTICE = '<!-- Made by `npm run generate`. Change the table in the code instead. -->';

export function page(title: string, introduction: string, body: string): string {
  return `# ${title}\n\n${NOTICE}\n\n${introduction}\n\n${body}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
