import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { FLASH_ADDRESS, parseFlashImage } from '../../../src/testing/rp2040/flash-image.js';

function fixture(extension: string): Buffer {
  return readFileSync(new URL(`../fixtures/cortex-m/rp2040-echo.${extension}`, import.meta.url));
}

const [BIN, UF2, ELF] = [fixture('bin'), fixture('uf2'), fixture('elf')];

/** A copy of a file with some 32-bit words changed. */
function changed(file: Buffer, words: Record<number, number>): Buffer {
  const copy = Buffer.from(file);
  for (const [offset, word] of Object.entries(words)) {
    copy.writeUInt32LE(word >>> 0, Number(offset));
  }
  return copy;
}

describe('parseFlashImage', () => {
  test.each([
    ['.bin', BIN],
    ['.uf2', UF2],
    ['.elf', ELF],
  ])('loads a %s file into flash that is erased apart from it', (_name, file) => {
    const { flash, vectorTable } = parseFlashImage(file);
    expect(vectorTable).toBe(FLASH_ADDRESS);
    expect(flash).toHaveLength(2 * 1024 * 1024);
    expect(Buffer.compare(flash.subarray(0, BIN.length), BIN)).toBe(0);
    // The last page of a UF2 file is filled with zeros.
    const end = Math.ceil(BIN.length / 256) * 256;
    expect(flash.subarray(end).every((byte) => byte === 0xff)).toBe(true);
  });

  it('finds the vector table after the second stage of the boot loader', () => {
    const image = Buffer.concat([Buffer.alloc(256, 0xb5), BIN]);
    expect(parseFlashImage(image).vectorTable).toBe(FLASH_ADDRESS + 256);
  });

  it('makes the flash larger for a larger image, up to 16 MiB', () => {
    const image = Buffer.concat([BIN, Buffer.alloc(2 * 1024 * 1024)]);
    expect(parseFlashImage(image).flash).toHaveLength(4 * 1024 * 1024);
    expect(() => parseFlashImage(Buffer.alloc(16 * 1024 * 1024 + 1))).toThrow(RangeError);
  });

  it('skips UF2 blocks for other chips and for other places than the flash', () => {
    const block = UF2.subarray(0, 512);
    const file = Buffer.concat([
      changed(block, { 28: 0xe48bff57 }),
      UF2.subarray(0, 512),
      changed(block, { 8: 0x2001 }),
      UF2.subarray(512),
    ]);
    expect(Buffer.compare(parseFlashImage(file).flash, parseFlashImage(UF2).flash)).toBe(0);
  });

  const phoff = ELF.readUInt32LE(28);
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /no vector table/],
    ['text', Buffer.from('hello world, this is not a program\n'), /no vector table/],
    ['Intel HEX', Buffer.from(':00000001FF\n'), /Intel HEX file; expected UF2, ELF/],
    ['a vector table whose stack is in flash', changed(BIN, { 0: 0x10000000 }), /no vector table/],
    ['a vector table that starts in RAM', changed(BIN, { 4: 0x20000001 }), /no vector table/],
    ['a truncated UF2 file', UF2.subarray(0, 700), /UF2: 700 bytes are not a multiple of 512/],
    ['a UF2 file without its last block', UF2.subarray(0, -512), /UF2: 10 of 11 blocks/],
    ['a UF2 file without its first block', UF2.subarray(512), /UF2, block 0: number 1 of 11; expected number 0/],
    ['a UF2 file with a wrong end', changed(UF2, { 508: 0 }), /UF2, block 0: not a block/],
    [
      'a UF2 block that is too long',
      changed(UF2, { 16: 477 }),
      /UF2, block 0: 477 bytes of data; expected at most 476/,
    ],
    ['a UF2 block below the flash', changed(UF2, { 12: 0 }), /data at 0x0 to 0xff; expected a program in flash/],
    ['a UF2 block for RAM', changed(UF2, { 12: 0x20000000 }), /data at 0x20000000/],
    [
      'a UF2 file for another chip',
      changed(UF2.subarray(0, 512), { 28: 0x1234abcd }),
      /another chip \(family 0x1234abcd\); expected the RP2040/,
    ],
    ['a UF2 file for the RP2350', changed(UF2.subarray(0, 512), { 28: 0xe48bff59 }), /another chip \(the RP2350\)/],
    ['a truncated ELF file', ELF.subarray(0, 51), /ELF: 51 bytes; the file may be truncated/],
    ['an ELF file for another processor', changed(ELF, { 16: 0x003e0002 }), /not an executable for 32-bit Arm/],
    ['an object file', changed(ELF, { 16: 0x00280001 }), /not an executable/],
    ['an ELF file whose table is outside', changed(ELF, { 28: 0xffffffff }), /table of segments is outside/],
    ['an ELF file whose segment is outside', changed(ELF, { [phoff + 4]: 0xfffffff0 }), /segment 0 is outside/],
    ['an ELF file without segments', changed(ELF, { 44: 0 }), /ELF: nothing to load/],
    ['an ELF file for another place', changed(ELF, { [phoff + 12]: 0x0800_0000 }), /expected a program in flash/],
  ])('refuses %s', (_name, file, message) => {
    expect(() => parseFlashImage(file)).toThrow(message);
  });

  it('never reads or writes outside of its input and the flash, whatever is changed', () => {
    for (const file of [UF2, ELF]) {
      for (let offset = 0; offset < 512; offset += 4) {
        for (const word of [0, 1, 0x7fffffff, 0xffffffff]) {
          try {
            expect(parseFlashImage(changed(file, { [offset]: word })).flash.length).toBeLessThanOrEqual(
              16 * 1024 * 1024,
            );
          } catch (error) {
            expect((error as Error).message).toMatch(/^(UF2|ELF|data at|no vector table|an Intel HEX)/);
          }
        }
      }
    }
  });
});
