import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InvalidArgumentError } from '../../../src/index.js';
import { SimulatedBoard, type SimulatedChipName } from '../../../src/testing/index.js';
import { eventually, fixtureImage, openPort, readExactly } from '../fixtures/board.js';
import { READ, Registers, WRITE } from './registers.js';

/** Address of PINx; DDRx and PORTx follow. */
const PIN = { B: 0x23, C: 0x26, D: 0x29, E: 0x2c, F: 0x2f, G: 0x32, H: 0x100, K: 0x106, L: 0x109 };

/** Some pins of each board: from the pinouts of the Uno, the Mega 2560 and the Leonardo. */
const PINS: [SimulatedChipName, number, keyof typeof PIN, number][] = [
  ['atmega328p', 0, 'D', 0],
  ['atmega328p', 7, 'D', 7],
  ['atmega328p', 8, 'B', 0],
  ['atmega328p', 13, 'B', 5],
  ['atmega328p', 14, 'C', 0],
  ['atmega328p', 19, 'C', 5],
  ['atmega2560', 2, 'E', 4],
  ['atmega2560', 4, 'G', 5],
  ['atmega2560', 9, 'H', 6],
  ['atmega2560', 13, 'B', 7],
  ['atmega2560', 49, 'L', 0],
  ['atmega2560', 53, 'B', 0],
  ['atmega2560', 54, 'F', 0],
  ['atmega2560', 69, 'K', 7],
  ['atmega32u4', 2, 'D', 1],
  ['atmega32u4', 7, 'E', 6],
  ['atmega32u4', 13, 'C', 7],
  ['atmega32u4', 18, 'F', 7],
  ['atmega32u4', 23, 'F', 0],
  ['atmega32u4', 30, 'D', 5],
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('pin', () => {
  it.each(PINS)('of the %s: %i is P%s%i', async (chip, number, port, bit) => {
    await using registers = await Registers.open(chip);
    const pin = registers.board.pin(number);
    const address = PIN[port];
    expect(pin).toMatchObject({ number, isOutput: false, isHigh: false });

    // As an input.
    pin.setLevel(true);
    expect(pin.isHigh).toBe(true);
    expect((await registers.read(address)) & (1 << bit)).toBe(1 << bit);
    pin.setLevel(false);
    expect((await registers.read(address)) & (1 << bit)).toBe(0);

    // As an output.
    await registers.write(address + 1, 1 << bit);
    expect(pin).toMatchObject({ isOutput: true, isHigh: false });
    const risen = once(pin, 'change');
    await registers.write(address + 2, 1 << bit);
    expect(await risen).toEqual([true]);
    expect(pin).toMatchObject({ isOutput: true, isHigh: true });
  });

  it.each([-1, 20, 1.5, Number.NaN, '13' as unknown as number])('rejects the number %s', (number) => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('registers') });
    expect(() => board.pin(number)).toThrow(InvalidArgumentError);
    expect(() => board.pin(number)).toThrow(/SimulatedBoard.pin: got .*; expected an integer from 0 to 19/);
  });

  it('is the same object each time', () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('registers') });
    expect(board.pin(3)).toBe(board.pin(3));
  });

  it.each<[SimulatedChipName, keyof typeof PIN, number]>([
    ['atmega328p', 'B', 0],
    ['atmega2560', 'H', 5],
    ['atmega32u4', 'B', 4],
  ])('that nothing drives is pulled up if the program says so, on the %s', async (chip, port, bit) => {
    await using registers = await Registers.open(chip);
    const pin = registers.board.pin(8);
    const address = PIN[port];
    const mask = 1 << bit;
    await registers.write(address + 2, mask);
    expect(pin).toMatchObject({ isOutput: false, isHigh: true });
    expect((await registers.read(address)) & mask).toBe(mask);

    pin.setLevel(false);
    expect((await registers.read(address)) & mask).toBe(0);
    expect(pin.isHigh).toBe(false);
    pin.setLevel(true);
    expect((await registers.read(address)) & mask).toBe(mask);
  });

  it('keeps the level that was set over a reset, and reports what the reset changes', async () => {
    await using registers = await Registers.open();
    const { board } = registers;
    const [button, led] = [board.pin(2), board.pin(13)];
    button.setLevel(true);
    await registers.write(PIN.B + 1, 1 << 5);
    await registers.write(PIN.B + 2, 1 << 5);
    const changes: boolean[] = [];
    led.on('change', (isHigh) => changes.push(isHigh));
    button.on('change', () => expect.unreachable());

    await registers.reset();
    expect(led).toMatchObject({ isOutput: false, isHigh: false });
    expect(changes).toEqual([false]);
    expect((await registers.read(PIN.D)) & (1 << 2)).toBe(1 << 2);
  });

  it('gets its levels in their order, although the board gives up on catching up in between', async () => {
    await using registers = await Registers.open();
    const { board } = registers;
    let nowMs = performance.now();
    let msPerRead = 0.05;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += msPerRead;
      return nowMs;
    });
    const until = async (isDone: () => boolean) => {
      for (; !isDone(); nowMs++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    nowMs += 500;
    board.pin(2).setLevel(true);
    await until(() => board.stats.lagMs > 0);
    board.pin(2).setLevel(false);

    msPerRead = 0;
    const { cycles } = board.stats;
    await until(() => board.stats.cycles > cycles + 600 * 16_000);
    const reading = registers.read(PIN.D);
    let isRead = false;
    void reading.then(() => {
      isRead = true;
    });
    await until(() => isRead);
    expect((await reading) & (1 << 2)).toBe(0);
    vi.restoreAllMocks();
  });

  it('can be set before the port is opened', async () => {
    const board = new SimulatedBoard({ path: 'x', image: fixtureImage('registers') });
    board.pin(2).setLevel(true);
    const port = await openPort(board);
    await readExactly(port, 1);
    await port.write(Buffer.of(READ, PIN.D, 0));
    expect((await readExactly(port, 1))[0]! & (1 << 2)).toBe(1 << 2);
    await port.close();
  });

  it('reports changes after the program has run, so that a listener may call anything', async () => {
    await using registers = await Registers.open();
    const { board } = registers;
    await registers.write(PIN.B + 1, 1 << 5);
    const unplugged = new Promise<void>((resolve) => {
      board.pin(13).once('change', () => {
        board.unplug();
        resolve();
      });
    });
    await registers.port.write(Buffer.of(WRITE, PIN.B + 2, 0, 1 << 5));
    await unplugged;
    const { cycles } = board.stats;
    await new Promise((resolve) => setImmediate(resolve));
    expect(board.stats.cycles).toBe(cycles);
  });

  it('shows PWM of a timer as changes of the level', async () => {
    await using registers = await Registers.open();
    const pwm = registers.board.pin(6);
    let changes = 0;
    let high = 0;
    pwm.on('change', (isHigh) => {
      changes++;
      high += isHigh ? 1 : 0;
    });
    await registers.write(PIN.D + 1, 1 << 6);
    // Timer 0, fast PWM, non-inverting on OC0A, a quarter of the time, prescaler 64: about 977 periods a second.
    await registers.write(0x47, 63);
    await registers.write(0x44, 0x83);
    await registers.write(0x45, 0x03);
    await eventually(() => expect(changes).toBeGreaterThan(20));
    expect(Math.abs(changes - 2 * high)).toBeLessThanOrEqual(1);
  });

  it.each<[SimulatedChipName, number, number, number]>([
    // INT0 or INT4 at pin 2, which is INT1 on the Leonardo: enabled in EIMSK, at the falling edge.
    ['atmega328p', 0x69, 0x02, 0x01],
    ['atmega2560', 0x6a, 0x02, 0x10],
    ['atmega32u4', 0x69, 0x08, 0x02],
  ])('wakes the %s from its sleep by an interrupt, at the time of the call', async (chip, eicr, edge, enable) => {
    await using registers = await Registers.open(chip);
    const { board, port } = registers;
    const button = board.pin(2);
    button.setLevel(true);
    await registers.write(eicr, edge);
    await registers.write(0x3d, enable);
    await port.write(Buffer.from('S'));
    await port.drain();
    const before = board.stats;
    // Asleep, the clock of the board does not advance.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const reply = readExactly(port, 1);
    button.setLevel(false);
    expect(await reply).toEqual([1]);
    expect(board.stats.cycles - before.cycles).toBeGreaterThan(40 * 16_000);
    expect(board.stats.instructions - before.instructions).toBeLessThan(200_000);
  });

  it.each<[number, number, number, number]>([
    // Pin, bit of PCICR, address of PCMSK, and its bit.
    [53, 0, 0x6b, 0],
    [0, 1, 0x6c, 0],
    [15, 1, 0x6c, 1],
    [69, 2, 0x6d, 7],
  ])('wakes the atmega2560 by a change of pin %i', async (number, group, mask, bit) => {
    await using registers = await Registers.open('atmega2560');
    const { board, port } = registers;
    await registers.write(mask, 1 << bit);
    await registers.write(0x68, 1 << group);
    const reply = readExactly(port, 1);
    await port.write(Buffer.from('S'));
    await port.drain();
    board.pin(number).setLevel(true);
    expect(await reply).toEqual([1]);
  });
});
