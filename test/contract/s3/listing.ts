import { createHash } from 'node:crypto';
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access, sdkOutcome } from './client.ts';
import { expectedAnswer, type S3Subject } from './subject.ts';

const NAMES = ['a/1', 'a/2', 'a/b/3', 'b', 'c/4', 'ä', '😀'];

/** How keys are listed, and deleted by the list. */
export function describeListing(subjectOf: () => S3Subject): void {
  describe('lists', () => {
    let subject: S3Subject;
    let s3: S3Access;
    let root: string;
    beforeAll(async () => {
      subject = subjectOf();
      s3 = accessTo(subject);
      root = s3.newKey('');
      for (const name of NAMES) await s3.put(root + name, name);
    });
    afterAll(() => s3.destroy());

    function list(input: Partial<ListObjectsV2CommandInput> = {}): Promise<ListObjectsV2CommandOutput> {
      const Prefix = root + (input.Prefix ?? '');
      return s3.client.send(new ListObjectsV2Command({ Bucket: subject.bucket, ...input, Prefix }));
    }

    const keysOf = ({ Contents = [] }: ListObjectsV2CommandOutput): (string | undefined)[] =>
      Contents.map(({ Key }) => Key?.slice(root.length));
    const prefixesOf = ({ CommonPrefixes = [] }: ListObjectsV2CommandOutput): (string | undefined)[] =>
      CommonPrefixes.map(({ Prefix }) => Prefix?.slice(root.length));

    it('lists keys in the order of their bytes, with size and ETag', async () => {
      const page = await list();
      expect(keysOf(page)).toEqual(NAMES);
      expect(page.IsTruncated).toBe(false);
      expect(page.Contents?.at(-1)).toMatchObject({ Size: 4, ETag: `"${md5('😀', 'hex')}"` });
    });

    it('rolls keys up to the delimiter into common prefixes', async () => {
      const top = await list({ Delimiter: '/' });
      expect([keysOf(top), prefixesOf(top), top.KeyCount]).toEqual([['b', 'ä', '😀'], ['a/', 'c/'], 5]);
      const below = await list({ Prefix: 'a/', Delimiter: '/' });
      expect([keysOf(below), prefixesOf(below)]).toEqual([['a/1', 'a/2'], ['a/b/']]);
    });

    it.each([undefined, '/'])('pages through everything once (delimiter %s)', async (Delimiter) => {
      const seen: unknown[] = [];
      let ContinuationToken: string | undefined;
      let pages = 0;
      do {
        const page = await list({ MaxKeys: 1, Delimiter, ContinuationToken });
        seen.push(...keysOf(page), ...prefixesOf(page));
        ContinuationToken = page.NextContinuationToken;
        pages += 1;
      } while (ContinuationToken !== undefined && pages < 20);
      expect(seen).toEqual(Delimiter === undefined ? NAMES : ['a/', 'b', 'c/', 'ä', '😀']);
    });

    it('starts after a key, and encodes keys where asked to', async () => {
      expect(keysOf(await list({ StartAfter: `${root}b` }))).toEqual(['c/4', 'ä', '😀']);
      const encoded = await list({ StartAfter: `${root}c`, EncodingType: 'url' });
      expect(keysOf(encoded)).toEqual(['c/4', '%C3%A4', '%F0%9F%98%80']);
      expect((await list({ MaxKeys: 0 })).Contents ?? []).toEqual([]);
    });

    it('lists a key beside those that it begins', async () => {
      const key = s3.newKey('short');
      await s3.put(key, 'x');
      await s3.put(`${key}/longer`, 'x');
      const { Contents = [] } = await s3.client.send(
        new ListObjectsV2Command({ Bucket: subject.bucket, Prefix: key }),
      );
      const listed = Contents.map(({ Key }) => Key);
      const verdict = listed.includes(key) && listed.includes(`${key}/longer`) ? 'listed' : 'left out';
      expect(verdict).toBe(expectedAnswer(subject, 'a key that another key begins with'));
    });

    it('deletes a list of keys, absent ones among them', async () => {
      const keys = [s3.newKey('x & <y>'), s3.newKey('quote\'"'), s3.newKey('absent')];
      for (const key of keys.slice(0, 2)) await s3.put(key, 'x');
      const command = new DeleteObjectsCommand({
        Bucket: subject.bucket,
        Delete: { Objects: keys.map((Key) => ({ Key })) },
      });
      const { Deleted = [], Errors = [] } = await s3.client.send(command);
      expect([Deleted.map(({ Key }) => Key).sort(), Errors]).toEqual([[...keys].sort(), []]);
      for (const key of keys) expect((await s3.get(key)).status).toBe(404);
    });

    it('tells nothing of the deleted when asked to be quiet', async () => {
      const key = s3.newKey();
      await s3.put(key, 'x');
      const command = new DeleteObjectsCommand({
        Bucket: subject.bucket,
        Delete: { Objects: [{ Key: key }], Quiet: true },
      });
      expect((await s3.client.send(command)).Deleted ?? []).toEqual([]);
      expect((await s3.get(key)).status).toBe(404);
    });

    it('deletes nothing by a list without a digest or with a document type', async () => {
      const key = s3.newKey();
      await s3.put(key, 'kept');
      const hostile = `<!DOCTYPE Delete [<!ENTITY k "${key}">]><Delete><Object><Key>&k;</Key></Object></Delete>`;
      const plain = `<Delete><Object><Key>${key}</Key></Object></Delete>`;
      expect(await deleteWith(hostile, true)).toBe(
        expectedAnswer(subject, 'a list of keys that is hostile XML'),
      );
      expect(await deleteWith(plain, false)).toBe(expectedAnswer(subject, 'a list of keys without a digest'));
      expect((await s3.get(key)).body.toString()).toBe('kept');
      expect(await deleteWith(plain, true)).toBe('200');
      expect((await s3.get(key)).status).toBe(404);
    });

    /** Sends this very document, signed by the SDK. */
    function deleteWith(document: string, withDigest: boolean): Promise<string> {
      const command = new DeleteObjectsCommand({
        Bucket: subject.bucket,
        Delete: { Objects: [{ Key: 'replaced' }] },
      });
      command.middlewareStack.add(
        (next) => (args) => {
          const { request } = args as { request: { body: unknown; headers: Record<string, string> } };
          request.body = document;
          request.headers['content-length'] = String(Buffer.byteLength(document));
          for (const name of Object.keys(request.headers))
            if (/checksum|content-md5/.test(name)) delete request.headers[name];
          if (withDigest) request.headers['content-md5'] = md5(document, 'base64');
          return next(args);
        },
        { step: 'build', priority: 'low', name: 'replaceDocument' },
      );
      return sdkOutcome(s3.client.send(command));
    }
  });
}

function md5(text: string, encoding: 'hex' | 'base64'): string {
  return createHash('md5').update(text).digest(encoding);
}
