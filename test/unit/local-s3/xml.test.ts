import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xmlDocument, xmlErrorDocument } from '../../../src/local-s3/xml.ts';
import { childrenByName, parseXml, XML_LIMITS } from '../../../src/local-s3/xml-parser.ts';

const malformed = expect.objectContaining({ code: 'MalformedXML' });

describe('the XML parser', () => {
  it('reads what S3 clients send', () => {
    const root = parseXml(
      '\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n' +
        '  <Object a=\'1\' b="2"><Key>a&amp;b &lt;&#x1F600;&#233;&gt;</Key></Object>\n  <Quiet/>\n</Delete>\n',
    );
    expect(root.name).toBe('Delete');
    expect(root.children.map(({ name }) => name)).toEqual(['Object', 'Quiet']);
    expect(root.children[0]?.children[0]?.text).toBe('a&b <😀é>');
  });

  it('reads back whatever text was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const legal = text.replaceAll('\0', '');
        expect(parseXml(xmlDocument('Root', { Key: legal })).children[0]?.text).toBe(legal);
      }),
    );
  });

  /** Entities and document types are how XML reaches files, networks and all of the memory. */
  it.each([
    ['a document type', '<!DOCTYPE a><a/>'],
    ['an entity of a document type', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['an entity named like a member of every object', '<a>&constructor;</a>'],
    ['a lone ampersand', '<a>a & b</a>'],
    ['a reference without end', '<a>&amp</a>'],
    ['a reference to nothing', '<a>&#0;</a>'],
    ['a reference to half a character', '<a>&#xD800;</a>'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>'],
    ['CDATA', '<a><![CDATA[x]]></a>'],
    ['a comment', '<a><!-- x --></a>'],
    ['a processing instruction', '<a><?php x ?></a>'],
    ['a namespace prefix', '<s3:a/>'],
    ['an element left open', '<a><b></b>'],
    ['an element closed twice', '<a></a></a>'],
    ['elements that cross', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text outside', 'x<a/>'],
    ['text behind', '<a/>x'],
    ['text beside elements', '<a>x<b/></a>'],
    ['a tag without end', '<a'],
    ['an attribute without quotes', '<a b=c/>'],
    ['nothing', ''],
    ['no XML', '{"a":1}'],
    ['depth', '<a>'.repeat(XML_LIMITS.depth + 1) + '</a>'.repeat(XML_LIMITS.depth + 1)],
    ['masses of elements', `<a>${'<b/>'.repeat(XML_LIMITS.elements)}</a>`],
  ])('refuses %s', (_, text) => {
    expect(() => parseXml(text)).toThrow(malformed);
  });

  it('never throws anything but MalformedXML', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      'b',
      ' ',
      '=',
      '"',
      '&',
      ';',
      '#',
      '!',
      '?',
      'x1',
      '<a>',
      '</a>',
    );
    fc.assert(
      fc.property(
        fc.array(pieces).map((parts) => parts.join('')),
        (text) => {
          try {
            expect(parseXml(text).name).not.toBe('');
          } catch (error) {
            expect(error).toEqual(malformed);
          }
        },
      ),
    );
  });

  it('takes each known child once', () => {
    const names = (text: string) => [...childrenByName(parseXml(text), ['Key', 'Size']).keys()];
    expect(names('<a><Size/><Key/></a>')).toEqual(['Size', 'Key']);
    expect(() => names('<a><Key/><Key/></a>')).toThrow(malformed);
    expect(() => names('<a><Other/></a>')).toThrow(malformed);
  });
});

describe('XML documents', () => {
  it('repeat lists, leave out what is undefined, and escape everything else', () => {
    const document = xmlDocument('R', {
      A: [{ B: 1 }, { B: '<' }],
      C: undefined,
      D: '',
      E: true,
      F: '"\u0001',
    });
    expect(document).toContain('<A><B>1</B></A><A><B>&#60;</B></A><D></D><E>true</E><F>&#34;&#1;</F></R>');
  });

  it('give errors no namespace, as S3 does', () => {
    expect(xmlErrorDocument({ Code: 'X' })).toMatch(/<Error><Code>X<\/Code><\/Error>$/);
  });
});
