import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeUnless } from '../support/available.ts';
import { makeSqlitePlace, type SqlitePlace } from '../support/sqlite-place.ts';
import { linesOf, STORE_CHILD, startStoreChild, those } from '../support/store-process.ts';

const NOBODY = 65_534;

let place: SqlitePlace;
beforeEach(async () => {
  place = await makeSqlitePlace();
});
afterEach(() => place.remove());

describe('a folder that may not be written to', () => {
  it('is named when the store is opened', async () => {
    await chmod(place.folder, 0o555);
    // Root may write anywhere, so as root the attempt is made by a user who owns nothing.
    const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const lines = await linesOf(startStoreChild('open', place.url, '', asNobody));
    expect(lines).toEqual([
      expect.stringMatching(/^error The key store \/.*presignd\.db cannot be used: EACCES/),
    ]);
  });
});

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describeUnless(canMount ? undefined : 'the right to mount a tmpfs', 'a full disk', () => {
  it('is a fault that leaves nothing of the change, keeps what was acknowledged, and passes once there is space', async () => {
    const disk = join(place.folder, 'keys');
    await mkdir(disk);
    const inside = [process.execPath, STORE_CHILD, 'fill-disk', place.url, join(disk, 'filler')];
    const script = 'mount -t tmpfs -o size=1500k tmpfs "$0" && exec "$@"';
    const child = spawn('unshare', ['-rm', 'sh', '-c', script, disk, ...inside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = await linesOf(child);
    expect(those('error', lines)).toEqual([]);
    expect(those('failure', lines)).toEqual([expect.stringMatching(/^STORE_UNAVAILABLE .*(full|disk I\/O)/)]);
    const inserted = those('inserted', lines);
    expect(inserted.length).toBeGreaterThan(1);
    expect(inserted.at(-1)).toBe('key_after-the-failure');
    expect(those('kept', lines).sort()).toEqual(inserted.sort());
    expect(those('audited', lines).sort()).toEqual(inserted.sort());
    expect(those('events', lines)).toEqual([String(inserted.length)]);
  });
});
