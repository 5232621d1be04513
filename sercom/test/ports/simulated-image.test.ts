import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { jsonLines, run } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const IMAGE = path.resolve(import.meta.dirname, '../../../firmware-echo/prebuilt/uno.hex');

describe('sim:FILE.hex', () => {
  test('runs the image on a simulated board', async () => {
    const { code, stdout } = await run('send', `own=sim:${IMAGE}@115200`, '--text', 'hello', '--wait', '1', '--json');
    expect(jsonLines(stdout)).toEqual([expect.objectContaining({ name: 'own', dir: 'rx', hex: '68656c6c6f' })]);
    expect(code).toBe(0);
  });

  test('runs the same image on two boards', async () => {
    const { code, stderr } = await run('monitor', `a=sim:${IMAGE}`, `b=sim:${IMAGE}`, 'c=sim:', '-n', '1', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('monitor sends nothing to it by itself', async () => {
    const { code, stdout } = await run('monitor', `sim:${IMAGE}`, '--timeout', '1.5', '--json');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });
});

describe('rejects', () => {
  async function messageFor(name: string, make: (file: string) => Promise<unknown>): Promise<string> {
    const file = path.join(await temporaryFolder(), name);
    await make(file);
    const { code, stderr } = await run('monitor', `sim:${file}`);
    expect(code).toBe(1);
    return stderr.replaceAll(file, 'FILE');
  }

  test('a missing file', async () => {
    expect(await messageFor('a.hex', async () => {})).toBe('sercom: cannot read FILE: no such file; build it first\n');
  });

  test('a device, which may never end', async () => {
    const message = await messageFor('zero.hex', (file) => symlink('/dev/zero', file));
    expect(message).toBe('sercom: cannot read FILE: not a file; expected an Intel HEX file\n');
  });

  test('a file that is too large for an image', async () => {
    const message = await messageFor('large.hex', (file) => writeFile(file, Buffer.alloc(1_048_577)));
    expect(message).toMatch(/^sercom: cannot read FILE: 1048577 bytes are too many .*\n$/);
  });

  test('a file that is not Intel HEX', async () => {
    const message = await messageFor('elf.hex', (file) => writeFile(file, '\x7fELF'));
    expect(message).toMatch(
      /^sercom: cannot run FILE .*line 1: not a record;.*; name an Intel HEX file for the Uno\n$/,
    );
  });
});
