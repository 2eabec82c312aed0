import { describe, expect, it } from 'vitest';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { devKey, openDevService, openService } from '../support/service.ts';
import { askForUpload } from '../support/upload-calls.ts';

describe('a service that is killed', () => {
  it('knows every key after a restart, and that which were revoked', async () => {
    await using service = await openService(UNREACHABLE_S3);
    const { sandbox } = service;
    const revoked = await sandbox.createKey();
    await sandbox.revokeKey(revoked.id);
    const kept = await sandbox.createKey();
    expect((await askForUpload(service.url, kept.token)).status).toBe(200);
    await service.program.kill();
    const meanwhile = await sandbox.createKey();

    const { url } = await sandbox.start();
    const statusWith = async (token: string) => (await askForUpload(url, token)).status;
    for (const token of [service.token, kept.token, meanwhile.token])
      expect(await statusWith(token)).toBe(200);
    expect(await statusWith(revoked.token)).toBe(401);
  });

  it('leaves its data in a state that dev starts from again', async () => {
    await using service = await openDevService();
    await service.program.kill();
    const again = await service.sandbox.start('dev');
    expect(await devKey(service.sandbox, again)).toBe(service.token);
    expect((await askForUpload(again.url, service.token)).status).toBe(200);
  });
});

describe('a service whose log nobody reads any more', () => {
  it('goes on, and ends with 0', async () => {
    await using service = await openService(UNREACHABLE_S3);
    service.program.closeOutput();
    // Many times what fits into the pipe and the buffer of the log.
    for (let n = 0; n < 500; n++) {
      expect((await askForUpload(service.url, service.token)).status).toBe(200);
    }
    expect(await service.program.stop()).toBe(0);
  });
});
