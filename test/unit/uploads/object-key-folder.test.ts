import { describe, expect, it } from 'vitest';
import { readableKey } from '../../../src/uploads/decide-download.ts';
import { objectKeyFrom, objectKeyHead, tellsOwner } from '../../../src/uploads/object-key.ts';
import { InvalidTemplateError, parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';
import { ACME } from '../../support/upload-fixture.ts';
import { placeWith } from '../../support/upload-option-cases.ts';

const FOLDER = 'uploads/eu/';
const SOURCE = { owner: 'acme', uuid: 'UUID', nowMs: 0, filename: 'a.txt' };

const keyIn = (template: string, prefix: string) =>
  objectKeyFrom(parseObjectKeyTemplate(template, FOLDER), { ...SOURCE, prefix });

describe('the folder of a destination', () => {
  it.each([
    ['{owner}/{uuid}/{name}', '', 'uploads/eu/acme/UUID/a.txt'],
    ['{owner}/{uuid}/{name}', 'p/', 'uploads/eu/acme/p/UUID/a.txt'],
    ['in/{owner}/{uuid}', 'p/', 'uploads/eu/in/acme/p/UUID'],
    ['{uuid}', '', 'uploads/eu/UUID'],
    ['{uuid}', 'p/', 'uploads/eu/p/UUID'],
  ])('is in front of all that %s and the prefix %j make', (template, prefix, key) => {
    expect(keyIn(template, prefix)).toBe(key);
  });

  it('is part of what the keys of an owner begin with', () => {
    const head = objectKeyHead(parseObjectKeyTemplate('{owner}/{uuid}', FOLDER), 'acme', 'p/');
    expect(head).toBe('uploads/eu/acme/p/');
  });

  /** Security property: whoever shares a folder with others is not shown what is theirs. */
  it('is not taken for the folder of an owner', () => {
    for (const text of ['{uuid}', '{date}/{owner}-{uuid}']) {
      const template = parseObjectKeyTemplate(text, FOLDER);
      expect(tellsOwner(template)).toBe(false);
      expect(objectKeyHead(template, 'acme', 'p/')).toBe('uploads/eu/p/');
      const key = readableKey('uploads/eu/p/x', placeWith({ template }), ACME);
      expect(key).toMatchObject({ reason: 'OBJECT_FORBIDDEN' });
    }
  });

  it('counts in the length of keys', () => {
    const folder = `${'a'.repeat(250)}/`.repeat(3);
    expect(() => parseObjectKeyTemplate('{owner}/{uuid}/{name}', folder)).toThrow(InvalidTemplateError);
  });
});
