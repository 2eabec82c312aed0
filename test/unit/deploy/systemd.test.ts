import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { describeUnless } from '../../support/available.ts';
import { missingTool, runTool } from '../../support/tool.ts';

const UNIT = join(import.meta.dirname, '../../../deploy/systemd/presignd.service');
/** Of ten, where ten is no protection at all. */
const WORST_EXPOSURE = 2;

const text = readFileSync(UNIT, 'utf8');
const valuesOf = (name: string) =>
  [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

describe('the unit for systemd', () => {
  it('gives a stop the time that the settings take', () => {
    const { shutdownDelayMs, shutdownGraceMs } = loadSettings({});
    expect(Number(valuesOf('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(shutdownDelayMs + shutdownGraceMs);
  });

  it('sets nothing that an operator brings in a file', () => {
    expect(valuesOf('Environment').map((variable) => variable?.split('=')[0])).toEqual([
      'NODE_ENV',
      'NODE_COMPILE_CACHE',
    ]);
  });
});

describeUnless(await missingTool('systemd-analyze', ['--version']), 'systemd, of the unit', () => {
  it('finds no fault but that the program is not installed here', async () => {
    const { stdout, stderr } = await runTool('systemd-analyze', ['verify', '--man=no', UNIT]);
    const faults = `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('presignd.service') && !line.includes('is not executable'));
    expect(faults).toEqual([]);
  });

  it('calls it well protected', async () => {
    const { stdout } = await runTool('systemd-analyze', ['security', '--offline=yes', '--no-pager', UNIT]);
    const [, exposure] = /Overall exposure level for .*: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(WORST_EXPOSURE);
  });
});
