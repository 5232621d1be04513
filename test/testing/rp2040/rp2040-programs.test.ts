import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { openPort, readExactly } from '../fixtures/board.js';
import { connect, cortexFixture, rp2040 } from './rig.js';

const PROBE = readFileSync(cortexFixture('rp2040-probe.bin'));
const BOOTROM = cortexFixture('bootrom.bin');
const probe = { image: PROBE, uart: 0 } as const;

/** Commands of rp2040-probe.c. */
const command = (name: string) => name.charCodeAt(0);

describe('a simulated RP2040 runs', () => {
  test.each([
    ['the path of a .uf2 file', cortexFixture('rp2040-echo.uf2')],
    ['the URL of a .elf file', pathToFileURL(cortexFixture('rp2040-echo.elf'))],
    ['the bytes of a .bin file', readFileSync(cortexFixture('rp2040-echo.bin'))],
  ])('%s', async (_name, image) => {
    const { reply } = await connect({ image });
    expect(await reply(1, 0, 2)).toEqual([1, 0, 2]);
  });

  it('a program that calls the boot ROM, if it is given', async () => {
    const { reply } = await connect({ ...probe, bootrom: BOOTROM });
    expect(await reply(command('p'), 0xff, 0x01, 0x00, 0x80)).toEqual([10]);
  });
});

describe('the port of a simulated RP2040 is lost, and cannot be opened until the board is plugged in again, if its program', () => {
  test.each([
    ['calls the boot ROM, which is missing', 'p', /calls the boot ROM, which is missing; .*option bootrom/],
    ['stops at a breakpoint', 'b', /stopped at a breakpoint at address 0x1000/],
    ['jumps to where there is no memory', 'j', /jumped to address 0x300000.., where there is no code/],
  ])('%s', async (_name, letter, message) => {
    const reconnect = { minDelayMs: 1, maxDelayMs: 2 };
    const { board, communicator, reply, event } = await connect(probe, { reconnect });
    expect(await reply(7)).toEqual([7]);
    const lost = event('disconnected');
    await communicator.send('pico', Uint8Array.of(command(letter)));
    expect((await lost).error.message).toMatch(message);
    await expect(openPort(board)).rejects.toThrow(message);
    const connected = event('connected');
    board.unplug();
    board.plug();
    await connected;
    expect(await reply(8)).toEqual([8]);
  });
});

/** Opens the port of rp2040-probe.c, starts a PIO, waits for the echo and closes the port. */
const START_PIO = `
  const { SimulatedBoard, serialPortBinding, simulatedBinding } = await import(process.argv[1]);
  const board = new SimulatedBoard({ path: '/dev/a', chip: 'rp2040', uart: 0, image: process.argv[2] });
  const port = await serialPortBinding(simulatedBinding(board)).open({ path: board.path, baudRate: 115_200 });
  await port.write(Buffer.of(2, 'm'.charCodeAt(0), 0));
  for (let bytes = 0; bytes < 4; ) {
    bytes += (await port.read(Buffer.alloc(4), 0, 4)).bytesRead;
  }
  await port.close();
  console.log('closed');
`;

test('a simulated RP2040 leaves no timer behind and prints nothing, whatever its program uses', async () => {
  const built = fileURLToPath(new URL('../../../dist/testing/index.js', import.meta.url));
  const words = ['--input-type=module', '-e', START_PIO, built, cortexFixture('rp2040-probe.bin')];
  // A timer that is left behind keeps the process alive, which the time limit ends.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { timeout: 30_000 });
  expect({ stdout, stderr }).toEqual({ stdout: 'closed\n', stderr: '' });
}, 60_000);

test('a simulated RP2040 loses its port if rp2040js throws', async () => {
  const { communicator, reply, event } = await connect(probe);
  expect(await reply(7)).toEqual([7]);
  const { RP2040 } = createRequire(import.meta.url)('rp2040js') as typeof import('rp2040js');
  const core = Object.getPrototypeOf(new RP2040().core) as InstanceType<typeof RP2040>['core'];
  const instruction = vi.spyOn(core, 'executeInstruction').mockImplementationOnce(() => {
    throw new RangeError('Offset is outside the bounds of the DataView');
  });
  const lost = event('disconnected');
  await communicator.send('pico', Uint8Array.of(1));
  expect((await lost).error.message).toMatch(/what rp2040js cannot simulate: Offset is outside the bounds/);
  instruction.mockRestore();
});

describe('a simulated RP2040', () => {
  it('is reset by its watchdog, and then knows it', async () => {
    const { board, communicator, reply } = await connect(probe);
    expect(await reply(command('w'))).toEqual([0]);
    await communicator.send('pico', Uint8Array.of(command('r')));
    // A packet that arrives during the reset is lost.
    await expect.poll(() => board.stats.resets).toBe(1);
    expect(await reply(command('w'))).toEqual([2]);
  });

  it('has pins and analog inputs', async () => {
    const { board, reply } = await connect(probe);
    const [led, button] = [board.pin(25), board.pin(2)];
    const levels: boolean[] = [];
    led.on('change', (isHigh) => levels.push(isHigh));
    await reply(command('o'), 1);
    expect(led).toMatchObject({ isOutput: true, isHigh: true });
    await reply(command('o'), 0);
    expect(led.isHigh).toBe(false);
    expect(levels).toEqual([true, false]);

    // Pulled up by the program until it is set.
    expect(await reply(command('i'))).toEqual([1]);
    button.setLevel(false);
    expect(await reply(command('i'))).toEqual([0]);
    button.setLevel(true);
    expect(await reply(command('i'))).toEqual([1]);
    expect(button).toMatchObject({ isOutput: false, isHigh: true });

    board.setAnalog(0, 1.65);
    const [low, high] = await reply(command('a'));
    expect(low! + 256 * high!).toBeCloseTo(2048, -1);
    expect(() => board.setAnalog(0, 3.4)).toThrow(/volts is 3.4; expected a number from 0 to 3.3/);
    expect(() => board.pin(30)).toThrow(/expected an integer from 0 to 29/);
  });

  it('gets the levels of its pins in their order, also if its port is closed in between', async () => {
    const board = rp2040(probe);
    board.pin(2).setLevel(false);
    const port = await openPort(board);
    board.pin(2).setLevel(true);
    await port.close();
    board.pin(2).setLevel(false);
    const reopened = await openPort(board);
    await reopened.write(Buffer.of(2, command('i'), 0));
    const wire = await readExactly(reopened, 3);
    // The frame of a packet of one byte, 0. A delimiter comes before or after it.
    expect(wire.filter((byte) => byte !== 0)).toEqual([1, 1]);
    await reopened.close();
  });

  it('sleeps while there is nothing to do', async () => {
    const { board, reply } = await connect();
    await reply(1);
    const before = board.stats;
    for (let round = 0; round < 20; round++) {
      await reply(round);
    }
    const { instructions, cycles } = board.stats;
    expect(instructions - before.instructions).toBeLessThan((cycles - before.cycles) / 10);
  });

  it('refuses a truncated boot ROM', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'bootrom-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const bootrom = path.join(folder, 'bootrom.bin');
    writeFileSync(bootrom, readFileSync(BOOTROM).subarray(0, -1));
    expect(() => rp2040({ bootrom })).toThrow(/not the boot ROM of an RP2040, which has 16384 bytes; expected/);
  });

  test.each([
    ['chip', { chip: 'rp2350' as never }, /chip is "rp2350"; expected/],
    ['bootrom, if the file is missing', { bootrom: '/no/such.bin' }, /bootrom is "\/no\/such.bin": no such file/],
    [
      'bootrom, if it is another file',
      { bootrom: cortexFixture('rp2040-echo.bin') },
      /bootrom .*not the boot ROM of an RP2040/,
    ],
    ['bootrom, if it is no file', { bootrom: '/dev/null' }, /bootrom is "\/dev\/null": not a file; expected/],
    ['uart', { uart: 2 }, /uart is 2; expected/],
    ['image, if the file is missing', { image: '/no/such.uf2' }, /image is "\/no\/such.uf2": no such file/],
    [
      'image, if it is for another chip',
      { image: Buffer.from(':00000001FF\n') },
      /image: an Intel HEX file; expected UF2/,
    ],
    ['image, if it is the text of one', { image: ':00000001FF\n' }, /image: an Intel HEX file; expected UF2/],
    ['clockHz, which the program sets', { clockHz: 1 }, /clockHz .*rp2040/],
    ['bootMs, which it does not have', { bootMs: 1 }, /bootMs .*rp2040/],
  ])('refuses a wrong %s', (_name, options, message) => {
    expect(() => rp2040(options)).toThrow(message);
  });
});
