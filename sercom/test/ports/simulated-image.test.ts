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

const FIXTURES = path.resolve(import.meta.dirname, '../../../test/testing/fixtures');

test.each([
  ['Mega 2560', `mega:${FIXTURES}/packet-echo-atmega2560.hex`],
  ['Leonardo', `leonardo:${FIXTURES}/packet-echo-atmega32u4.hex`],
])('runs an image on a simulated %s', async (_board, image) => {
  const { code, stdout, stderr } = await run('send', `sim:${image}`, '--text', 'hello', '--wait', '1', '--json');
  expect(jsonLines(stdout)).toEqual([expect.objectContaining({ dir: 'rx', hex: '68656c6c6f' })]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

const PICO = path.join(FIXTURES, 'cortex-m');

describe('sim:rp2040:FILE', () => {
  test.each([
    ['a .uf2 file on its USB', 'rp2040:', 'rp2040-echo.uf2'],
    ['a .elf file on its USB, at any baud rate', 'rp2040:', 'rp2040-echo.elf@9600'],
    ['a .bin file on its UART', 'rp2040-uart:', 'rp2040-echo.bin'],
  ])('runs %s', async (_name, board, file) => {
    const port = `pico=sim:${board}${PICO}/${file}`;
    const { code, stdout, stderr } = await run('send', port, '--text', 'hello', '--wait', '1', '--json');
    expect(jsonLines(stdout)).toEqual([expect.objectContaining({ name: 'pico', dir: 'rx', hex: '68656c6c6f' })]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('runs a program that calls the boot ROM with --bootrom, and says that it needs it', async () => {
    const send = ['send', `pico=sim:rp2040-uart:${PICO}/rp2040-probe.bin`, '--hex', '70 ff 00 00 00', '--wait', '1'];
    const { code, stdout } = await run(...send, '--bootrom', `${PICO}/bootrom.bin`, '--json');
    expect(jsonLines(stdout)).toEqual([expect.objectContaining({ hex: '08' })]);
    expect(code).toBe(0);
    const without = await run(...send);
    expect(without.stderr).toMatch(/calls the boot ROM, which is missing; give its contents with the option bootrom/);
    expect(without.code).toBe(1);
  });

  test('monitor sends nothing to it by itself', async () => {
    const { code, stdout } = await run('monitor', `sim:rp2040:${PICO}/rp2040-echo.uf2`, '--timeout', '1.5', '--json');
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

  test('a file that is not for the RP2040', async () => {
    const file = path.join(await temporaryFolder(), 'a.uf2');
    await writeFile(file, 'not a program');
    const { code, stderr } = await run('monitor', `sim:rp2040:${file}`);
    expect(stderr).toMatch(
      /^sercom: cannot run .* on a simulated RP2040: no vector table .*; name a UF2 or ELF file, /,
    );
    expect(code).toBe(1);
  });

  test.each([
    ['is missing', '/no/such.bin', /^sercom: cannot run .*: bootrom is "\/no\/such.bin": no such file; /],
    ['is another file', IMAGE, /^sercom: cannot run .*: bootrom is .*: not the boot ROM of an RP2040, /],
  ])('a boot ROM that %s', async (_name, file, message) => {
    const { code, stderr } = await run('monitor', `sim:rp2040:${PICO}/rp2040-echo.uf2`, '--bootrom', file);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
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
      /^sercom: cannot run FILE on a simulated Uno: an ELF file; .*; name an Intel HEX file for the Uno\n$/,
    );
  });
});
