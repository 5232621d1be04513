import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, type WatchfulPort } from '../../../src/index.js';
import { SimulatedBoard } from '../../../src/testing/board/simulated-board.js';
import { eventually, fixtureImage, openBoard, readExactly } from '../fixtures/board.js';

const GREETING = [...Buffer.from('>\x02')];

function counting(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
}

describe('new SimulatedBoard', () => {
  const image = fixtureImage('echo-polled');

  it.each([
    ['an empty path', { path: '', image }, InvalidArgumentError, /path is ""; expected a non-empty string/],
    ['a negative bootMs', { path: 'x', image, bootMs: -1 }, InvalidArgumentError, /bootMs is -1; expected an integer/],
    [
      'a clock that stands still',
      { path: 'x', image, clockHz: 0 },
      InvalidArgumentError,
      /clockHz is 0; expected a number/,
    ],
    ['an image that is not Intel HEX', { path: 'x', image: 'nonsense' }, SyntaxError, /line 1/],
    ['an image that is too large', { path: 'x', image: new Uint8Array(32_769) }, RangeError, /32768 bytes, got 32769/],
    [
      'an image of another type',
      { path: 'x', image: 5 as unknown as string },
      InvalidArgumentError,
      /image is 5; expected the text/,
    ],
  ])('refuses %s', (_what, options, type, message) => {
    expect(() => new SimulatedBoard(options)).toThrow(type);
    expect(() => new SimulatedBoard(options)).toThrow(message);
  });

  it('takes the bytes of the flash, too', async () => {
    // rjmp .-2: a program that does nothing.
    await using idle = await openBoard('echo-polled', { image: Uint8Array.of(0xff, 0xcf) });
    await idle.write('abc');
    await idle.port.drain();
    expect(idle.board.stats.bytesLost.receiverOff).toBe(3);
  });
});

describe('bytes', () => {
  it.each(['echo-polled', 'echo-interrupt'] as const)(
    'come back from %s, all of them, at the full rate of the line',
    async (program) => {
      await using echo = await openBoard(program);
      const { cycles } = echo.board.stats;
      const sent = counting(5000);
      const written = echo.port.write(sent);
      expect(Buffer.from(await echo.read(sent.length)).equals(sent)).toBe(true);
      await written;
      const { bytesReceived, bytesTransmitted, bytesLost, cycles: end } = echo.board.stats;
      expect({ bytesReceived, bytesTransmitted }).toEqual({ bytesReceived: 5000, bytesTransmitted: 5000 });
      expect(Object.values(bytesLost).reduce((sum, count) => sum + count)).toBe(0);
      // 10 bits each at 115,200 baud.
      expect(end - cycles).toBeGreaterThan((5000 * 10 * 16e6) / 115_200);
    },
  );

  it('are lost and counted when the baud rates differ, and garbage comes back', async () => {
    await using echo = await openBoard('echo-polled', { baudRate: 57_600 });
    await echo.write(counting(100));
    await echo.port.drain();
    const { bytesReceived, bytesTransmitted, bytesLost } = echo.board.stats;
    expect(bytesReceived + bytesLost.baudMismatch).toBeGreaterThanOrEqual(100);
    expect(bytesLost.baudMismatch).toBeGreaterThan(90);
    expect(bytesTransmitted).toBeGreaterThan(0);

    await echo.port.update({ baudRate: 115_200 });
    await echo.port.flush();
    await echo.write('ok');
    const answer: number[] = [];
    while (!Buffer.from(answer).toString('latin1').endsWith('ok')) {
      answer.push(...(await echo.read(1)));
    }
    expect(await echo.port.getBaudRate()).toEqual({ baudRate: 115_200 });
  });

  it('wait in the host, up to 65,536 of them; the newest are lost, and counted', async () => {
    await using flood = await openBoard('flood', { baudRate: 2_000_000 });
    await eventually(() => expect(flood.board.stats.bytesLost.hostBufferFull).toBeGreaterThan(0));
    const bytes = await flood.read(65_536);
    expect(bytes.findIndex((byte, index) => byte !== (index & 0xff))).toBe(-1);
  });

  it('leave with the line settings of the port', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('echo-polled') });
    const port = await board.open({ path: 'x', baudRate: 115_200, dataBits: 7 });
    // The board takes the stop bit for the eighth data bit, and the host does not look at that in the answer.
    await port.write(Buffer.from('a'));
    expect(await readExactly(port, 1)).toEqual(['a'.charCodeAt(0)]);
    expect(board.stats).toMatchObject({ bytesReceived: 0, bytesLost: { baudMismatch: 2 } });
    await port.close();
  });
});

describe('DTR', () => {
  it('resets the board when the port is opened, and again after it was closed', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('usart-probe') });
    for (let resets = 1; resets <= 2; resets++) {
      const port = await board.open({ path: 'x', baudRate: 115_200 });
      expect(await readExactly(port, 2)).toEqual(GREETING);
      expect(board.stats.resets).toBe(resets);
      await port.close();
    }
  });

  it('stays high after closing with hupcl false: the program goes on where it was', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('usart-probe') });
    const first = await board.open({ path: 'x', baudRate: 115_200, hupcl: false });
    await readExactly(first, 2);
    await first.close();
    const { cycles } = board.stats;
    const second = await board.open({ path: 'x', baudRate: 115_200 });
    await second.write(Buffer.from('?'));
    expect(await readExactly(second, 1)).toEqual([...Buffer.from('?')]);
    expect(board.stats.resets).toBe(1);
    expect(board.stats.cycles).toBeGreaterThan(cycles);
    await second.close();
  });

  it('resets the board when it rises, and only then', async () => {
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

  it('wipes the memory, and resets the peripherals', async () => {
    await using idle = await openBoard('idle-timers');
    expect(await idle.read(1)).toEqual([64]);
    await idle.port.set({ dtr: false });
    await idle.port.set({ dtr: true });
    expect(await idle.read(1)).toEqual([64]);
  });

  it('loses the byte that is on the wire meanwhile', async () => {
    await using probe = await openBoard('usart-probe');
    await probe.read(2);
    await probe.port.update({ baudRate: 300 });
    await probe.port.set({ dtr: false });
    await probe.write('??');
    // When the first byte has arrived (as garbage), the second is on the wire, for 33 ms.
    await eventually(() => expect(probe.board.stats.bytesLost.baudMismatch).toBeGreaterThan(0));
    await probe.port.set({ dtr: true });
    await probe.port.drain();
    expect(probe.board.stats.bytesLost.receiverOff).toBe(1);
  });

  it('starts the boot loader, which swallows what it receives', async () => {
    await using probe = await openBoard('usart-probe', { bootMs: 30 });
    await probe.write('???');
    await probe.port.drain();
    expect(probe.board.stats).toMatchObject({ bytesTransmitted: 0, instructions: 0, bytesLost: { bootLoader: 3 } });
    expect(await probe.read(2)).toEqual(GREETING);
    expect(probe.board.stats.cycles).toBeGreaterThan(30 * 16_000);
    await probe.write('?');
    expect(await probe.read(1)).toEqual([...Buffer.from('?')]);
  });

  it('starts the boot loader anew, however long the program has slept', async () => {
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

describe('unplug', () => {
  it('ends the wait of a port that is closing', async () => {
    const { board, port } = await openBoard('echo-interrupt', { baudRate: 300 });
    await port.write(Buffer.alloc(4000));
    const closed = port.close();
    board.unplug();
    await closed;
    expect(board.stats.bytesLost.portClosed).toBeGreaterThan(3900);
  });

  it('rejects what is asked and will be asked, except closing; plug brings the board back', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('usart-probe') });
    const port = await board.open({ path: 'x', baudRate: 115_200 });
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
    await expect(board.open({ path: 'x', baudRate: 115_200 })).rejects.toThrow('No such file or directory');
    await port.close();

    board.plug();
    const again = await board.open({ path: 'x', baudRate: 115_200 });
    expect(await readExactly(again, 2)).toEqual(GREETING);
    await again.close();
  });

  it('tells ports on which nothing is pending, once, and these may be closed at once', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('echo-interrupt') });
    const ports: WatchfulPort[] = await Promise.all(
      [1, 2, 3].map(() => board.open({ path: 'x', baudRate: 115_200, lock: false })),
    );
    const told: number[] = [];
    for (const [index, port] of ports.entries()) {
      port.onHangUp = (error) => {
        expect(error).toMatchObject({ disconnect: true });
        told.push(index);
        void port.close();
      };
    }
    const reading = ports[1]!.read(Buffer.alloc(1), 0, 1);
    await ports[2]!.close();
    board.unplug();
    board.unplug();
    await expect(reading).rejects.toMatchObject({ disconnect: true });
    expect(told).toEqual([0]);
    await ports[1]!.close();
  });
});
