import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectKeyFrom } from '../../../src/uploads/object-key.ts';
import { parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';
import { createKeyJudge, findOrphans, literalHead } from '../../../src/uploads/orphans.ts';
import type { OpenMultipartUpload } from '../../../src/uploads/ports.ts';
import { uuidV7 } from '../../../src/uploads/uuid.ts';
import { gather } from '../../support/gather.ts';

const TEMPLATES = [
  ['{owner}/{date}/{uuid}/{name}', ''],
  ['{owner}/{date}/{uuid}/{name}', 'uploads/'],
  ['{uuid}', ''],
  ['{uuid}-{name}', 'in.coming/'],
  ['files/{owner}/{uuid}.{name}', ''],
  ['{date}/{owner}-{uuid}/{uuid}', 'a/b/'],
] as const;

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 4, 17, 12);
const UUID = uuidV7(NOW_MS, new Uint8Array(10));

describe('createKeyJudge', () => {
  it.each(TEMPLATES)('knows every key that %s makes in the folder "%s"', (text, folder) => {
    const template = parseObjectKeyTemplate(text, folder);
    const isOurs = createKeyJudge(template);
    fc.assert(
      fc.property(
        fc.record({
          owner: fc.string({ unit: 'grapheme', maxLength: 90 }),
          filename: fc.string({ unit: 'grapheme', maxLength: 200 }),
          prefix: fc.constantFrom('', 'team/', 'a.b/c_d/e-f/'),
          nowMs: fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
          random: fc.uint8Array({ minLength: 10, maxLength: 10 }),
        }),
        ({ random, ...source }) => {
          const key = objectKeyFrom(template, { ...source, uuid: uuidV7(source.nowMs, random) });
          expect(key.startsWith(literalHead(template))).toBe(true);
          expect(isOurs(key)).toBe(true);
        },
      ),
    );
  });

  const isOurs = createKeyJudge(parseObjectKeyTemplate('{owner}/{date}/{uuid}/{name}', 'in.coming/'));

  it('knows the key that the others differ from', () => {
    expect(isOurs(`in.coming/acme/2026/05/17/${UUID}/a.png`)).toBe(true);
    expect(isOurs(`in.coming/acme/team/x/2026/05/17/${UUID}/a.png`)).toBe(true);
  });

  it.each([
    ['of no folder', `acme/2026/05/17/${UUID}/a.png`],
    ['of a folder whose name looks alike', `inxcoming/acme/2026/05/17/${UUID}/a.png`],
    ['in front of the folder', `x/in.coming/acme/2026/05/17/${UUID}/a.png`],
    ['of another day than its UUID', `in.coming/acme/2026/05/18/${UUID}/a.png`],
    ['of a day that is none', `in.coming/acme/2026/99/17/${UUID}/a.png`],
    ['of another kind of UUID', `in.coming/acme/2026/05/17/${UUID.replace('-7', '-4')}/a.png`],
    ['without a UUID', 'in.coming/acme/2026/05/17/a.png'],
    ['without a name', `in.coming/acme/2026/05/17/${UUID}/`],
    ['of a name that would have been changed', `in.coming/acme/2026/05/17/${UUID}/a b.png`],
    ['of a name that is too long', `in.coming/acme/2026/05/17/${UUID}/${'a'.repeat(129)}`],
    ['of an owner that is too long', `in.coming/${'a'.repeat(65)}/2026/05/17/${UUID}/a.png`],
    ['with more behind it', `in.coming/acme/2026/05/17/${UUID}/a.png/b`],
    ['with a line end behind it', `in.coming/acme/2026/05/17/${UUID}/a.png\n`],
    ['that is empty', ''],
  ])('does not know a key %s', (_, key) => {
    expect(isOurs(key)).toBe(false);
  });

  it('does not know a key in which a repeated placeholder changes', () => {
    const twice = createKeyJudge(parseObjectKeyTemplate('{uuid}/{uuid}'));
    expect(twice(`${UUID}/${UUID}`)).toBe(true);
    expect(twice(`${UUID}/${uuidV7(NOW_MS + 1, new Uint8Array(10))}`)).toBe(false);
  });
});

describe('literalHead', () => {
  it.each([
    ['{owner}/{uuid}', '', ''],
    ['{owner}/{uuid}', 'up/', 'up/'],
    ['files/{owner}/{uuid}', 'up/', 'up/files/'],
    // The prefix of a policy comes in front of the literal.
    ['files/{uuid}', 'up/', 'up/'],
    ['files/{uuid}', '', ''],
  ])('is of %s in the folder "%s" what all keys begin with', (text, folder, head) => {
    expect(literalHead(parseObjectKeyTemplate(text, folder))).toBe(head);
  });
});

describe('findOrphans', () => {
  it('finds what is old enough and ours, and asks for nothing outside of the folder', async () => {
    const upload = (objectKey: string, ageMs: number): OpenMultipartUpload => ({
      objectKey,
      s3UploadId: `${objectKey} ${ageMs}`,
      initiatedAtMs: NOW_MS - ageMs,
    });
    const ours = `up/acme/${UUID}`;
    const asked: string[] = [];
    const storage = {
      async *listMultipartUploads(prefix: string) {
        asked.push(prefix);
        yield upload(ours, 7 * DAY_MS);
        yield upload(ours, 7 * DAY_MS - 1);
        yield upload(ours, -1);
        yield upload('up/backup.tar', 70 * DAY_MS);
        yield upload(ours, 70 * DAY_MS);
      },
    };
    const template = parseObjectKeyTemplate('{owner}/{uuid}', 'up/');
    const found = await gather(findOrphans(storage, { template, olderThanMs: 7 * DAY_MS, nowMs: NOW_MS }));
    expect(asked).toEqual(['up/']);
    expect(found).toEqual([upload(ours, 7 * DAY_MS), upload(ours, 70 * DAY_MS)]);
  });
});
