import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InvalidArgumentError } from '../../../src/index.js';
import { SimulatedBoard, type SimulatedBoardOptions } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { PortRecorder } from '../../support/port-recorder.js';
import { CHIPS, eventually, fixtureImage, openBoard, openPort, readExactly } from '../fixtures/board.js';

const HEX_FILE = new URL('../fixtures/echo-polled.hex', import.meta.url);

const GREETING = [...Buffer.from('>\x02')];

function counting(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
}

describe('new SimulatedBoard', () => {
  const image = fixtureImage('echo-polled');

  it.each<[string, SimulatedBoardOptions, new (...args: never) => Error, RegExp]>([
    ['an empty path', { path: '', image }, InvalidArgumentError, /path is ""; expected a non-empty string/],
    [
      'a negative bootMs',
      { path: 'x', image, bootMs: -1 },
      InvalidArgumentError,
      /bootMs is -1; expected an integer from 0 to/,
    ],
    ['a clock of 0 Hz', { path: 'x', image, clockHz: 0 }, InvalidArgumentError, /clockHz is 0; expected a/],
    [
      'an image that is not Intel HEX',
      { path: 'x', image: 'nonsense\n' },
      SyntaxError,
      /^SimulatedBoard: image: Intel HEX, line 1: not/,
    ],
    [
      'an ELF file',
      { path: 'x', image: Buffer.from('\x7fELF\x01\x01') },
      SyntaxError,
      /image: an ELF file; expected Intel HEX/,
    ],
    [
      'a UF2 file',
      { path: 'x', image: Buffer.from('UF2\n') },
      SyntaxError,
      /image: a UF2 file, .*; expected Intel HEX/,
    ],
    [
      'an image that is too large',
      { path: 'x', image: new Uint8Array(32_769) },
      RangeError,
      /32769 bytes long; expected at most 32768 bytes/,
    ],
    [
      'a chip that it does not have',
      { path: 'x', image, chip: 'atmega8' as 'atmega328p' },
      InvalidArgumentError,
      /chip is "atmega8"; expected "atmega328p", "atmega2560", "atmega32u4" or "rp2040"/,
    ],
    [
      'a UART that the chip does not have',
      { path: 'x', image, chip: 'atmega32u4', uart: 0 },
      InvalidArgumentError,
      /uart is 0; expected 1 with the chip atmega32u4/,
    ],
    [
      'an image that is too large for the chip',
      { path: 'x', image: new Uint8Array(262_145), chip: 'atmega2560' },
      RangeError,
      /262145 bytes long; expected at most 262144 bytes/,
    ],
    [
      'an image of another type',
      { path: 'x', image: 5 as unknown as string },
      InvalidArgumentError,
      /image is 5; expected/,
    ],
  ])('rejects %s', (_what, options, type, message) => {
    expect(() => new SimulatedBoard(options)).toThrow(type);
    expect(() => new SimulatedBoard(options)).toThrow(message);
  });

  it.each<[string, SimulatedBoardOptions['image']]>([
    ['a path', fileURLToPath(HEX_FILE)],
    ['a URL', HEX_FILE],
    ['a file read as bytes', readFileSync(HEX_FILE)],
  ])('accepts the Intel HEX file of an image as %s', async (_what, image) => {
    await using echo = await openBoard('echo-polled', { image });
    await echo.write('ab');
    expect(await echo.read(2)).toEqual([...Buffer.from('ab')]);
  });

  it('says what is wanted when the file of an image cannot be read, or is no Intel HEX', () => {
    expect(() => new SimulatedBoard({ path: 'x', image: 'build/uno.hex' })).toThrow(
      'SimulatedBoard: image is "build/uno.hex": no such file; expected the path or URL of an Intel HEX file, its text, or',
    );
    expect(() => new SimulatedBoard({ path: 'x', image: import.meta.dirname })).toThrow(
      `SimulatedBoard: image is ${JSON.stringify(import.meta.dirname)}: not a file; expected`,
    );
    // They may never end.
    expect(() => new SimulatedBoard({ path: 'x', image: '/dev/null' })).toThrow(/"\/dev\/null": not a file; expected/);
    const large = path.join(mkdtempSync(path.join(tmpdir(), 'image-')), 'large.hex');
    onTestFinished(() => rmSync(path.dirname(large), { recursive: true }));
    writeFileSync(large, '');
    truncateSync(large, 2 ** 31);
    expect(() => new SimulatedBoard({ path: 'x', image: large })).toThrow(
      /2147483648 bytes, more than 1048576; expected/,
    );
    const source = fileURLToPath(import.meta.url);
    expect(() => new SimulatedBoard({ path: 'x', image: source })).toThrow(
      `SimulatedBoard: image ${JSON.stringify(source)}: Intel HEX, line 1: not a record`,
    );
  });

  it('accepts the contents of the flash as an image', async () => {
    // rjmp .-2: a program that does nothing.
    await using idle = await openBoard('echo-polled', { image: Uint8Array.of(0xff, 0xcf) });
    await idle.write('abc');
    await idle.port.drain();
    expect(idle.board.stats.bytesLost.receiverOff).toBe(3);
  });
});

describe.each(CHIPS)('bytes of the %s', (chip) => {
  it.each(['echo-polled', 'echo-interrupt'] as const)(
    'are all echoed by %s at the full rate of the serial line',
    async (program) => {
      await using echo = await openBoard(program, { chip });
      const { cycles } = echo.board.stats;
      const sent = counting(5000);
      const written = echo.port.write(sent);
      expect(Buffer.from(await echo.read(sent.length)).equals(sent)).toBe(true);
      await written;
      const { bytesReceived, bytesTransmitted, bytesLost, cycles: end } = echo.board.stats;
      expect({ bytesReceived, bytesTransmitted }).toEqual({ bytesReceived: 5000, bytesTransmitted: 5000 });
      expect(Object.values(bytesLost).reduce((sum, count) => sum + count)).toBe(0);
      // 10 bits per byte at 115,200 baud.
      expect(end - cycles).toBeGreaterThan((5000 * 10 * 16e6) / 115_200);
    },
  );

  it('are lost and counted when the baud rates differ, and garbage is received', async () => {
    await using echo = await openBoard('echo-polled', { chip, baudRate: 57_600 });
    await echo.write(counting(100));
    await echo.port.drain();
    const { bytesReceived, bytesTransmitted, bytesLost } = echo.board.stats;
    expect(bytesReceived + bytesLost.baudMismatch).toBeGreaterThanOrEqual(100);
    expect(bytesLost.baudMismatch).toBeGreaterThan(90);
    expect(bytesTransmitted).toBeGreaterThan(0);

    await echo.port.update({ baudRate: 115_200 });
    await echo.port.flush();
    await echo.write('ok');
    const reply: number[] = [];
    while (!Buffer.from(reply).toString('latin1').endsWith('ok')) {
      reply.push(...(await echo.read(1)));
    }
    expect(await echo.port.getBaudRate()).toEqual({ baudRate: 115_200 });
  });

  it('wait for the host up to 65,536; newer ones are lost and counted', async () => {
    await using flood = await openBoard('flood', { chip, baudRate: 2_000_000 });
    await eventually(() => expect(flood.board.stats.bytesLost.hostBufferFull).toBeGreaterThan(0));
    const bytes = await flood.read(65_536);
    expect(bytes.findIndex((byte, index) => byte !== (index & 0xff))).toBe(-1);
  });

  it('are sent with the line settings of the port', async () => {
    const board = new SimulatedBoard({ path: 'x', chip, image: fixtureImage('echo-polled', chip) });
    const port = await openPort(board, { dataBits: 7 });
    // The board reads the stop bit as the eighth data bit, which the host ignores in the reply.
    await port.write(Buffer.from('a'));
    expect(await readExactly(port, 1)).toEqual(['a'.charCodeAt(0)]);
    expect(board.stats).toMatchObject({ bytesReceived: 0, bytesLost: { baudMismatch: 2 } });
    await port.close();
  });
});

describe('DTR', () => {
  it('resets the board each time the port is opened', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('usart-probe') });
    for (let resets = 1; resets <= 2; resets++) {
      const port = await openPort(board);
      expect(await readExactly(port, 2)).toEqual(GREETING);
      expect(board.stats.resets).toBe(resets);
      await port.close();
    }
  });

  it('stays high after closing with hupcl false, so that the program continues', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('usart-probe') });
    const first = await openPort(board, { hupcl: false });
    await readExactly(first, 2);
    await first.close();
    const { cycles } = board.stats;
    const second = await openPort(board);
    await second.write(Buffer.from('?'));
    expect(await readExactly(second, 1)).toEqual([...Buffer.from('?')]);
    expect(board.stats.resets).toBe(1);
    expect(board.stats.cycles).toBeGreaterThan(cycles);
    await second.close();
  });

  it('resets the board only when it rises', async () => {
    await using probe = await openBoard('usart-probe');
    await probe.read(2);
    await probe.port.set({ dtr: true, rts: true });
    await probe.port.set({ dtr: false });
    await probe.write('?');
    expect(await probe.read(1)).toEqual([...Buffer.from('?')]);
    await probe.port.set({ dtr: true });
    expect(await probe.read(2)).toEqual(GREETING);
    expect(probe.board.stats.resets).toBe(2);
  });

  it('clears the memory and resets the peripherals', async () => {
    await using idle = await openBoard('idle-timers');
    expect(await idle.read(1)).toEqual([64]);
    await idle.port.set({ dtr: false });
    await idle.port.set({ dtr: true });
    expect(await idle.read(1)).toEqual([64]);
  });

  it('loses the byte that is on the wire during a reset', async () => {
    await using probe = await openBoard('usart-probe');
    await probe.read(2);
    await probe.port.update({ baudRate: 300 });
    await probe.port.set({ dtr: false });
    await probe.write('??');
    // When the first byte has arrived (as garbage), the second is on the wire for 33 ms.
    await eventually(() => expect(probe.board.stats.bytesLost.baudMismatch).toBeGreaterThan(0));
    await probe.port.set({ dtr: true });
    await probe.port.drain();
    expect(probe.board.stats.bytesLost.receiverOff).toBe(1);
  });

  it('starts the boot loader, which discards what it receives', async () => {
    await using probe = await openBoard('usart-probe', { bootMs: 30 });
    await probe.write('???');
    await probe.port.drain();
    expect(probe.board.stats).toMatchObject({ bytesTransmitted: 0, instructions: 0, bytesLost: { bootLoader: 3 } });
    expect(await probe.read(2)).toEqual(GREETING);
    expect(probe.board.stats.cycles).toBeGreaterThan(30 * 16_000);
    await probe.write('?');
    expect(await probe.read(1)).toEqual([...Buffer.from('?')]);
  });

  it('starts the boot loader again, however long the program has slept', async () => {
    await using echo = await openBoard('echo-interrupt', { bootMs: 20 });
    await echo.write('a');
    await echo.port.drain();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await echo.port.set({ dtr: false });
    await echo.port.set({ dtr: true });
    await echo.write('b');
    await echo.port.drain();
    expect(echo.board.stats.bytesLost.bootLoader).toBe(2);
  });
});

describe('a write', () => {
  it('reports its progress, and ends where it is shortened', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('echo-polled') });
    const port = await board.open({ path: 'x', baudRate: 115_200 });
    const recorder = new PortRecorder(port);
    expect(port.write(Buffer.alloc(10, 1))).toBeUndefined();
    expect(port.writtenBytes).toBe(10);
    const writing = port.write(Buffer.alloc(5_000, 2));
    expect(port.writtenBytes).toBe(4_086);
    await recorder.until(() => recorder.progress.length > 0);
    expect(recorder.progress[0]).toBeGreaterThan(4_086);
    expect(recorder.progress[0]).toBeLessThan(4_300);
    port.shortenWrite!(4_300);
    await writing;
    expect(port.writtenBytes).toBe(4_300);
    await port.drain();
    expect(board.stats.bytesReceived).toBe(4_310);
    await port.close();
  });
});

describe('unplug', () => {
  it('ends the wait of a closing port', async () => {
    const { board, port } = await openBoard('echo-interrupt', { baudRate: 300 });
    await port.write(Buffer.alloc(4000));
    const closed = port.close();
    board.unplug();
    await closed;
    expect(board.stats.bytesLost.portClosed).toBeGreaterThan(3900);
  });

  it('rejects pending and later calls except close, until the board is plugged in and opened again', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('usart-probe') });
    const port = await openPort(board);
    await readExactly(port, 2);
    const gone = { disconnect: true, message: expect.stringContaining('x was unplugged') };
    const waiting = [port.read(Buffer.alloc(1), 0, 1), port.write(Buffer.alloc(5000)), port.drain()];
    const outcomes = Promise.allSettled(waiting);
    board.unplug();
    board.unplug();
    expect(await outcomes).toEqual(waiting.map(() => ({ status: 'rejected', reason: expect.objectContaining(gone) })));
    for (const ask of [
      () => port.read(Buffer.alloc(1), 0, 1),
      () => port.write(Buffer.alloc(1)),
      () => port.set({ dtr: true }),
      () => port.get(),
      () => port.update({ baudRate: 9600 }),
      () => port.flush(),
      () => port.drain(),
    ]) {
      await expect(ask()).rejects.toMatchObject(gone);
    }
    expect(board.isPlugged).toBe(false);
    await expect(openPort(board)).rejects.toThrow('No such file or directory');
    await port.close();

    board.plug();
    const again = await openPort(board);
    expect(await readExactly(again, 2)).toEqual(GREETING);
    await again.close();
  });

  it('reports one hang-up to each open port, which may close in reaction to it', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('echo-interrupt') });
    const ports = await Promise.all([1, 2, 3].map(() => board.open({ path: 'x', baudRate: 115_200, lock: false })));
    const reported: number[] = [];
    const closed: Promise<void>[] = [];
    for (const [index, port] of ports.entries()) {
      port.start({
        received: () => true,
        writeProgressed: () => {},
        hungUp(error) {
          expect(error).toMatchObject({ disconnect: true });
          reported.push(index);
          closed.push(port.close());
        },
      });
    }
    await ports[2]!.close();
    board.unplug();
    board.unplug();
    expect(reported).toEqual([]);
    await someTurns(1);
    expect(reported).toEqual([0, 1]);
    await Promise.all(closed);
  });
});
