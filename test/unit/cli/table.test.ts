import { expect, it } from 'vitest';
import { printableJson } from '../../../src/cli/printable.ts';
import { sheet, table } from '../../../src/cli/table.ts';

it('makes every column as wide as its longest cell, in characters', () => {
  expect(
    table(
      ['ID', 'NAME'],
      [
        ['1', 'a'],
        ['22', '🙂🙂'],
      ],
    ),
  ).toBe('ID  NAME\n1   a\n22  🙂🙂');
  expect(
    table(
      ['A', 'B'],
      [
        ['🙂🙂', 'x'],
        ['yyy', 'z'],
      ],
    ),
  ).toBe('A    B\n🙂🙂   x\nyyy  z');
});

it('leaves out what has no value', () => {
  expect(
    sheet([
      ['id', '1'],
      ['reason', undefined],
      ['longer', '2'],
    ]),
  ).toBe('id      1\nlonger  2');
});

/** Security property: a name, a reason or an address that somebody chose cannot rule the terminal or forge a row. */
it('prints nothing that a terminal obeys', () => {
  const text = table(['A'], [['\u001b[2J\u0007\r\nfake row\u202e\u2028\u0085']]);
  expect(text).toBe('A\n\ufffd[2J\ufffd\ufffd\ufffdfake row\ufffd\ufffd\ufffd');
});

/** The same of what `--json` prints, which programs still read as it was. */
it('prints JSON that a terminal does not obey', () => {
  const value = { name: '\u009b2J\u001b\u007f\u202e\u2028', list: ['a\nb', 'ü🙂'] };
  const text = printableJson(value);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  expect(text).toContain('"ü🙂"');
  expect(JSON.parse(text)).toEqual(value);
});
