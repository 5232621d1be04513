import { SerialPort } from 'serialport';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SimulatedBoard, serialPortBinding, simulatedBinding } from '../../../src/testing/index.js';
import { eventually, fixtureImage, openBoard, readExactly } from '../fixtures/board.js';

function makeBoard(
  path: string,
  options: Partial<ConstructorParameters<typeof SimulatedBoard>[0]> = {},
): SimulatedBoard {
  return new SimulatedBoard({ path, image: fixtureImage('echo-interrupt'), ...options });
}

/** Everything of time that a board uses. */
const TIME: NonNullable<Parameters<typeof vi.useFakeTimers>[0]>['toFake'] = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'performance',
];

afterEach(() => {
  vi.useRealTimers();
});

describe('simulatedBinding', () => {
  it('lists the boards that are plugged in as USB devices', async () => {
    const first = makeBoard('/dev/ttyACM0');
    const second = makeBoard('COM7', {
      serialNumber: 'S7',
      vendorId: '1a86',
      productId: '7523',
      manufacturer: 'QinHeng',
      interface: 2,
      locationId: '1-2',
    });
    const binding = simulatedBinding(first, second);
    const [uno, clone, ...more] = await binding.list();
    expect(uno).toMatchObject({
      path: '/dev/ttyACM0',
      vendorId: '2341',
      productId: '0043',
      manufacturer: 'Arduino (www.arduino.cc)',
      serialNumber: expect.stringMatching(/^[0-9A-F]{20}$/),
    });
    expect(uno?.serialNumber).toBe(makeBoard('/dev/ttyACM0').info.serialNumber);
    expect(clone).toMatchObject({
      path: 'COM7',
      serialNumber: 'S7',
      vendorId: '1a86',
      productId: '7523',
      manufacturer: 'QinHeng',
      interface: 2,
      locationId: '1-2',
    });
    expect(more).toEqual([]);
    first.unplug();
    expect((await binding.list()).map(({ path }) => path)).toEqual(['COM7']);
    first.plug();
    expect(await binding.list()).toHaveLength(2);
  });

  it('rejects two boards with the same path', () => {
    expect(() => simulatedBinding(makeBoard('x'), makeBoard('x'))).toThrow('two devices have the path "x"');
  });

  it('opens each board by its path', async () => {
    const boards = [makeBoard('a'), makeBoard('b')];
    const binding = serialPortBinding(simulatedBinding(...boards));
    const ports = await Promise.all(boards.map(({ path }) => binding.open({ path, baudRate: 115_200 })));
    await ports[1]?.write(Buffer.from('b'));
    await ports[0]?.write(Buffer.from('a'));
    expect(await Promise.all(ports.map((port) => readExactly(port, 1)))).toEqual([[0x61], [0x62]]);
    await Promise.all(ports.map((port) => port.close()));
  });

  it('rejects invalid options in the words of the real binding', async () => {
    const binding = simulatedBinding(makeBoard('x'));
    const open = (options: object) => binding.open(options as Parameters<typeof binding.open>[0]);
    await expect(open([])).rejects.toThrow('"options" is not an object');
    await expect(open({ baudRate: 9600 })).rejects.toThrow('"path" is not a valid port');
    await expect(open({ path: 'x' })).rejects.toThrow('"baudRate" is not a valid baudRate');
    await expect(open({ path: 'x', baudRate: 9600, parity: 'some' })).rejects.toThrow('"parity" is not valid: some');
    await expect(open({ path: 'y', baudRate: 9600 })).rejects.toThrow(
      'Error: No such file or directory, cannot open y',
    );
  });

  it('locks an open port, unless one of the two openers sets lock to false', async () => {
    const binding = serialPortBinding(simulatedBinding(makeBoard('x')));
    const first = await binding.open({ path: 'x', baudRate: 115_200 });
    await expect(binding.open({ path: 'x', baudRate: 115_200 })).rejects.toThrow(
      'Error Resource temporarily unavailable Cannot lock port',
    );
    const second = await binding.open({ path: 'x', baudRate: 115_200, lock: false });
    const waiting = readExactly(second, 1);
    await first.close();
    await second.write(Buffer.from('a'));
    expect(await waiting).toEqual([0x61]);
    const third = await binding.open({ path: 'x', baudRate: 115_200 });
    await Promise.all([second.close(), third.close()]);
  });

  it('works under a plain SerialPort', async () => {
    const options = { binding: serialPortBinding(simulatedBinding(makeBoard('x'))), path: 'x', baudRate: 115_200 };
    const stream = new SerialPort(options);
    const echoed = new Promise<Buffer>((resolve) => {
      stream.on('data', resolve);
    });
    stream.write('a');
    expect((await echoed).toString()).toBe('a');
    await new Promise((resolve) => stream.close(resolve));
  });
});

describe('a port', () => {
  it('resolves a read with the available bytes, from one up to the length', async () => {
    await using echo = await openBoard('echo-interrupt');
    const buffer = Buffer.alloc(10, 0xee);
    const read = echo.port.read(buffer, 2, 3);
    await echo.write('abcdef');
    const result = await read;
    expect(result.buffer).toBe(buffer);
    const rest = await echo.read(6 - result.bytesRead);
    expect([...buffer.subarray(2, 2 + result.bytesRead), ...rest]).toEqual([...Buffer.from('abcdef')]);
    expect([...buffer.subarray(0, 2), ...buffer.subarray(5)]).toEqual(Array(7).fill(0xee));
  });

  it('resolves a write when all of it is in the buffer', async () => {
    await using echo = await openBoard('echo-interrupt');
    const data = Buffer.alloc(4096 + 100, 0x55);
    await echo.port.write(data.subarray(0, 4096));
    expect(echo.board.stats.bytesReceived).toBe(0);
    await echo.port.write(data.subarray(4096));
    expect(echo.board.stats.bytesReceived).toBeGreaterThan(90);
    expect(echo.board.stats.bytesReceived).toBeLessThan(4000);
    expect(await echo.read(data.length)).toEqual([...data]);
  });

  it('resolves drain when the last byte was transmitted', async () => {
    await using echo = await openBoard('echo-interrupt');
    await echo.port.drain();
    await echo.write('abc');
    await echo.port.drain();
    expect(echo.board.stats.bytesReceived).toBe(3);
  });

  it('discards unsent and unread bytes on flush', async () => {
    await using echo = await openBoard('echo-interrupt');
    await echo.write(Buffer.alloc(1000));
    await eventually(() => expect(echo.board.stats.bytesTransmitted).toBeGreaterThan(10));
    await echo.port.flush();
    const { bytesLost } = echo.board.stats;
    await echo.port.drain();
    await echo.write('x');
    let last = 0;
    let echoed = 0;
    while (last !== 'x'.charCodeAt(0)) {
      [last = 0] = await echo.read(1);
      echoed++;
    }
    expect(bytesLost.flushed + echoed).toBeGreaterThanOrEqual(1000);
    expect(echo.board.stats.bytesReceived).toBeLessThan(1000);
  });

  it('rejects pending calls as canceled when it is closed, and all later calls', async () => {
    const { port } = await openBoard('echo-interrupt');
    const pending = Promise.allSettled([
      port.read(Buffer.alloc(1), 0, 1),
      port.write(Buffer.alloc(5000)),
      port.drain(),
    ]);
    await port.close();
    for (const outcome of await pending) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { canceled: true } });
    }
    expect(port.isOpen).toBe(false);
    await expect(port.close()).rejects.toThrow('Port is not open');
    await expect(port.read(Buffer.alloc(1), 0, 1)).rejects.toThrow('Port is not open');
    await expect(port.write(Buffer.alloc(1))).rejects.toThrow('Port is not open');
  });

  it('sends all bytes written before it closes, and is locked until then', async () => {
    const { board, port } = await openBoard('echo-interrupt');
    await port.write(Buffer.alloc(200));
    const closed = port.close();
    await expect(board.open({ path: board.path, baudRate: 9600 })).rejects.toThrow('Cannot lock port');
    await closed;
    const { bytesReceived, bytesTransmitted, bytesLost } = board.stats;
    expect(bytesReceived).toBe(200);
    expect(bytesLost.portClosed).toBe(bytesTransmitted);
  });

  it('waits at most 30 s for that', async () => {
    vi.useFakeTimers({ toFake: TIME });
    const { board, port } = await openBoard('echo-interrupt', { baudRate: 300 });
    await port.write(Buffer.alloc(4000));
    let isClosed = false;
    const closed = port.close().then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(29_000);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1001);
    await closed;
    const { bytesReceived, bytesLost } = board.stats;
    expect(bytesReceived + bytesLost.baudMismatch).toBeGreaterThan(850);
    expect(bytesLost.portClosed).toBeGreaterThan(3000);
  });

  it('reports control lines as Linux does for an Uno', async () => {
    await using echo = await openBoard('echo-interrupt');
    expect(await echo.port.get()).toEqual({ cts: true, dsr: false, dcd: false });
  });

  it('rejects invalid arguments', async () => {
    await using echo = await openBoard('echo-interrupt');
    const { port } = echo;
    await expect(port.read(new Uint8Array(1) as Buffer, 0, 1)).rejects.toThrow('"buffer" is not a Buffer');
    await expect(port.read(Buffer.alloc(1), -1, 1)).rejects.toThrow('"offset"');
    await expect(port.read(Buffer.alloc(1), 0, 0)).rejects.toThrow('"length"');
    await expect(port.read(Buffer.alloc(1), 0, 2)).rejects.toThrow('buffer is too small');
    await expect(port.write('a' as unknown as Buffer)).rejects.toThrow('"buffer" is not a Buffer');
    await expect(port.update({ baudRate: 0 })).rejects.toThrow('"options.baudRate"');
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: TIME });
    for (const end of ['close', 'unplug'] as const) {
      const { board, port, write } = await openBoard('echo-polled');
      await write('a');
      await vi.advanceTimersByTimeAsync(10);
      expect(vi.getTimerCount()).toBeGreaterThan(0);
      if (end === 'unplug') {
        board.unplug();
      }
      await port.close();
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});
