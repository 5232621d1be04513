import { afterEach, describe, expect, it, vi } from 'vitest';
import { openPort, readExactly } from '../fixtures/board.js';
import { connect, cortexFixture, rp2040 } from './rig.js';

const DELIMITER = 0;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the USB of a simulated RP2040', () => {
  it('has no baud rate', async () => {
    for (const baudRate of [50, 9600, 4_000_000]) {
      const { board, reply } = await connect({}, { baudRate, dataBits: 7, parity: 'even', stopBits: 2 });
      expect(await reply(0x80, 0xff)).toEqual([0x80, 0xff]);
      expect(board.stats.bytesLost.baudMismatch).toBe(0);
    }
  });

  it('shows the program when the port is opened and closed, by DTR', async () => {
    const board = rp2040();
    // The program begins with a delimiter when DTR rises, and is not reset.
    for (let opened = 0; opened < 3; opened++) {
      const port = await openPort(board);
      expect(await readExactly(port, 1)).toEqual([DELIMITER]);
      await port.close();
    }
    expect(board.stats.resets).toBe(0);
  });

  it('shows the program when DTR is set', async () => {
    const port = await openPort(rp2040());
    expect(await readExactly(port, 1)).toEqual([DELIMITER]);
    await port.set({ dtr: false });
    // The program sends nothing while DTR is low, and begins anew when it rises.
    await port.write(Buffer.of(2, 1, 0));
    await port.drain();
    await port.set({ dtr: true });
    expect(await readExactly(port, 1)).toEqual([DELIMITER]);
    await port.write(Buffer.of(2, 7, 0));
    expect(await readExactly(port, 3)).toEqual([2, 7, 0]);
    await port.close();
  });

  it('makes the program wait while the host does not read, and loses nothing', async () => {
    const board = rp2040();
    const port = await openPort(board);
    expect(await readExactly(port, 1)).toEqual([DELIMITER]);
    // More than the buffers of the host and of the program can hold.
    const frame = [250, ...Array.from({ length: 249 }, (_, index) => (index % 255) + 1), 0];
    const wire = Buffer.from(Array.from({ length: 400 }, () => frame).flat());
    let isWritten = false;
    const writing = port.write(wire).then(() => {
      isWritten = true;
    });
    await expect.poll(() => board.stats.bytesTransmitted, { timeout: 60_000 }).toBeGreaterThan(65_536 - 64);
    expect(isWritten).toBe(false);
    expect(Buffer.from(await readExactly(port, wire.length)).equals(wire)).toBe(true);
    await writing;
    await port.close();
    const { bytesReceived, bytesTransmitted, bytesLost } = board.stats;
    expect({ bytesReceived, bytesTransmitted }).toEqual({
      bytesReceived: wire.length,
      bytesTransmitted: wire.length + 1,
    });
    expect(Object.values(bytesLost).every((count) => count === 0)).toBe(true);
  });

  it('is enumerated again after the board was unplugged, which restarts the program', async () => {
    const { board, communicator, reply, event } = await connect({}, { reconnect: { minDelayMs: 1, maxDelayMs: 2 } });
    expect(await reply(1)).toEqual([1]);
    for (let round = 1; round <= 3; round++) {
      const lost = event('disconnected');
      const connected = event('connected');
      board.unplug();
      expect(await lost).toMatchObject({ error: { code: 'CONNECTION_LOST' } });
      board.plug();
      await connected;
      expect(await reply(2, round)).toEqual([2, round]);
    }
    expect(board.stats.resets).toBe(3);
    expect(communicator.stats('pico').losses).toBe(3);
  });

  it('counts every byte as received or lost, whenever the board is unplugged', async () => {
    const board = rp2040();
    for (let steps = 1; steps <= 12; steps++) {
      const port = await openPort(board);
      expect(await readExactly(port, 1)).toEqual([DELIMITER]);
      const before = board.stats;
      let nowMs = performance.now();
      vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
      await port.write(Buffer.alloc(256, 1));
      // A packet is on its way for some 0.05 ms.
      for (let step = 0; step < steps; step++) {
        const { cycles } = board.stats;
        nowMs += 0.02;
        await expect.poll(() => board.stats.cycles, { interval: 1, timeout: 15_000 }).toBeGreaterThan(cycles);
      }
      vi.restoreAllMocks();
      board.unplug();
      board.plug();
      const { bytesReceived, bytesLost } = board.stats;
      const received = bytesReceived - before.bytesReceived;
      const lost = bytesLost.portClosed - before.bytesLost.portClosed;
      expect(received + lost + bytesLost.receiverOff - before.bytesLost.receiverOff).toBe(256);
    }
    // Some were lost on their way, some in the host's buffer.
    expect(board.stats.bytesReceived).toBeGreaterThan(0);
    expect(board.stats.bytesLost.receiverOff).toBeGreaterThan(0);
    expect(board.stats.bytesLost.portClosed).toBeGreaterThan(0);
  });

  it('does not delay closing if the program has none', async () => {
    const board = rp2040({ image: cortexFixture('rp2040-probe.bin') });
    const port = await openPort(board);
    await port.write(Buffer.of(1, 2, 3));
    const beforeMs = performance.now();
    await port.close();
    // Linux, and a board with USB, wait for 30 s.
    expect(performance.now() - beforeMs).toBeLessThan(15_000);
    expect(board.stats).toMatchObject({ bytesReceived: 0, bytesLost: { portClosed: 3 } });
  }, 60_000);

  it('is listed as the serial port of a Pico', async () => {
    expect(rp2040().info).toMatchObject({ vendorId: '2e8a', productId: '000a', manufacturer: 'Raspberry Pi' });
  });
});

describe('the UART of a simulated RP2040', () => {
  it('has a baud rate, which the program sets', async () => {
    const board = rp2040({ uart: 0 });
    const port = await openPort(board, { baudRate: 9600 });
    await port.write(Buffer.of(2, 1, 0));
    await port.drain();
    await expect.poll(() => board.stats.bytesLost.baudMismatch).toBeGreaterThan(0);
    await port.close();
  });

  it('takes 10 bits per byte, and loses nothing in a continuous stream', async () => {
    const board = rp2040({ uart: 0 });
    const port = await openPort(board);
    expect(await readExactly(port, 1)).toEqual([DELIMITER]);
    const wire = Buffer.from(Array.from({ length: 50 }, () => [...Array.from({ length: 101 }, () => 101), 0]).flat());
    // Each frame begins with its length.
    for (let start = 0; start < wire.length; start += 102) {
      wire[start] = 101;
    }
    const before = board.stats.cycles;
    await port.write(wire);
    expect(Buffer.from(await readExactly(port, wire.length)).equals(wire)).toBe(true);
    const seconds = (board.stats.cycles - before) / 125e6;
    expect(seconds).toBeGreaterThan((wire.length * 10) / 115_200);
    await port.close();
    expect(Object.values(board.stats.bytesLost).every((count) => count === 0)).toBe(true);
  });
});
