import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { FaultyLine, type LineFaults } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { invalidOption } from '../../support/invalid-option.js';
import { kernelBinding } from '../../support/kernel-port.js';
import { PortRecorder } from '../../support/port-recorder.js';
import { runSeed } from '../../support/random.js';
import { BYTES, expectEquation, NOISE, openKernel, openMock, PATH, received, written } from './rig.js';

describe('the faults of a line', () => {
  test('change nothing if there are none', async () => {
    expect((await written({}, BYTES)).output).toEqual(BYTES);
    expect((await received({}, BYTES, 999)).output).toEqual(BYTES);
  });

  test.each([
    ['drop', { dropRate: 1 }, 'droppedBytes', () => []],
    ['insert', { insertRate: 1 }, 'insertedBytes', (byte: number) => [expect.any(Number), byte]],
    ['duplicate', { duplicateRate: 1 }, 'duplicatedBytes', (byte: number) => [byte, byte]],
  ] as const)('%s bytes', async (_, faults, count, becomes) => {
    const bytes = BYTES.subarray(0, 500);
    const { line, output } = await written({ toDevice: faults }, bytes);
    expect([...output]).toEqual([...bytes].flatMap((byte): unknown[] => [...becomes(byte)]));
    expect(line.stats.toDevice[count]).toBe(500);
    expectEquation(line.stats.toDevice);
  });

  test('flip one of the eight bits of a byte', async () => {
    const { line, output } = await written({ toDevice: { flipRate: 1 } }, BYTES);
    const flips = [...output].map((byte, index) => byte ^ BYTES[index]!);
    expect(new Set(flips)).toEqual(new Set([1, 2, 4, 8, 16, 32, 64, 128]));
    expect(line.stats.toDevice.flippedBytes).toBe(BYTES.length);
  });

  test('insert bytes of every value', async () => {
    const { output } = await written({ toDevice: { insertRate: 1 } }, BYTES);
    expect(new Set(output.filter((_, index) => index % 2 === 0)).size).toBe(256);
  });

  test('cut chunks into single bytes', async () => {
    const bytes = BYTES.subarray(0, 100);
    const toDevice = await written({ toDevice: { cutRate: 1 } }, bytes);
    expect(toDevice.writes).toEqual([...bytes].map((byte) => Buffer.of(byte)));
    expect(toDevice.line.stats.toDevice).toMatchObject({ cuts: 99, bytesIn: 100, bytesOut: 100 });
    const toHost = await received({ toHost: { cutRate: 1 } }, bytes);
    expect(toHost.chunks).toEqual([...bytes].map((byte) => Buffer.of(byte)));
    expect(toHost.output).toEqual(bytes);
  });

  test('occur at their rates', async () => {
    const { line } = await written({ seed: 11, toDevice: NOISE }, BYTES);
    const { droppedBytes, flippedBytes, insertedBytes, duplicatedBytes, cuts } = line.stats.toDevice;
    for (const count of [droppedBytes, flippedBytes, insertedBytes, duplicatedBytes, 2 * cuts]) {
      // The expected count is 400, and six standard deviations are 120.
      expect(count).toBeGreaterThan(280);
      expect(count).toBeLessThan(520);
    }
  });

  test('are separate for each direction, and hit different positions', async () => {
    const faults = { flipRate: 0.1 };
    const toDevice = await written({ seed: 5, toDevice: faults }, BYTES);
    const toHost = await received({ seed: 5, toHost: faults }, BYTES);
    expect(toDevice.line.stats.toHost.bytesIn).toBe(0);
    expect(toHost.line.stats.toDevice.bytesIn).toBe(0);
    expect(toDevice.output).not.toEqual(toHost.output);
  });

  test('hold a chunk back, up to maxDelayMs', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const faults = { maxDelayMs: 50 };
    const { port, kernel } = await openKernel({ seed: 1, toDevice: faults, toHost: faults });
    const recorder = new PortRecorder(port);
    port.resume();
    kernel.give(Buffer.of(1));
    const writing = port.write(Buffer.of(2));
    await someTurns();
    kernel.take(100);
    expect(vi.getTimerCount()).toBe(2);
    expect(kernel.taken).toHaveLength(0);
    expect(recorder.chunks).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(recorder.chunks).toEqual([Buffer.of(1)]);
    kernel.take(100);
    await writing;
    expect(kernel.taken).toEqual(Buffer.of(2));
  });

  test.each([
    [{ dropRate: 1.1 }, 'dropRate is 1.1; expected a number from 0 to 1'],
    [{ cutRate: -1 }, 'cutRate is -1; expected a number from 0 to 1'],
    [{ flipRate: Number.NaN }, 'flipRate is NaN; expected a number from 0 to 1'],
    [{ insertRate: '0.2' }, 'insertRate is "0.2"; expected a number from 0 to 1'],
    [
      { dropRate: 0.6, flipRate: 0.6 },
      'dropRate, flipRate, insertRate and duplicateRate add up to 1.2; expected a sum of at most 1',
    ],
    [{ maxDelayMs: -1 }, 'maxDelayMs is -1; expected an integer from 0 to 2147483647'],
    [
      { droprate: 0.2 },
      'unknown option "droprate"; expected one of dropRate, flipRate, insertRate, duplicateRate, cutRate, maxDelayMs',
    ],
  ])('cannot be %j', async (given, message) => {
    const faults = given as LineFaults;
    const { binding } = kernelBinding();
    const toDevice = invalidOption(`FaultyLine: toDevice: ${message}`);
    const toHost = invalidOption(`FaultyLine: toHost: ${message}`);
    expect(() => new FaultyLine(binding, { path: PATH, toDevice: faults })).toThrow(toDevice);
    expect(() => new FaultyLine(binding, { path: PATH, toHost: faults })).toThrow(toHost);
    expect(() => new FaultyLine(binding, { path: PATH }).setFaults({ toDevice: faults })).toThrow(toDevice);
    expect(() => new FaultyLine(binding, { path: PATH }).setFaults({ toHost: faults })).toThrow(toHost);
  });

  test('stay as they are if setFaults throws', async () => {
    const { line, port, device } = await openMock({ toDevice: { dropRate: 1 } });
    expect(() => line.setFaults({ toDevice: {}, toHost: { dropRate: 2 } })).toThrow('dropRate is 2');
    await port.write(Buffer.of(1));
    expect(device.writes).toEqual([]);
  });
});

describe('the seed of a line', () => {
  test('decides the faults, however the bytes are cut into writes and chunks', async () => {
    const seed = runSeed();
    const bytes = BYTES.subarray(0, 9_000);
    const { output: sent } = await written({ seed, toDevice: NOISE }, bytes);
    const { output: got } = await received({ seed, toHost: NOISE }, bytes);
    for (const pieceBytes of [7, 4_096, 5_000]) {
      expect((await written({ seed, toDevice: NOISE }, bytes, pieceBytes)).output).toEqual(sent);
      expect((await received({ seed, toHost: NOISE }, bytes, pieceBytes)).output).toEqual(got);
    }
    expect((await written({ seed: seed + 1, toDevice: NOISE }, bytes)).output).not.toEqual(sent);
  });

  test('is random by default, and can be read and used again', async () => {
    const first = await written({ toDevice: NOISE }, BYTES);
    const second = await written({ toDevice: NOISE, seed: first.line.seed }, BYTES);
    expect(second.output).toEqual(first.output);
    expect((await written({ toDevice: NOISE }, BYTES)).line.seed).not.toBe(first.line.seed);
  });

  test('is TEST_SEED if that is set and no seed is given', () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('TEST_SEED', '-3');
    const { binding } = kernelBinding();
    expect(new FaultyLine(binding, { path: PATH }).seed).toBe(4_294_967_293);
    expect(new FaultyLine(binding, { path: PATH, seed: 4 }).seed).toBe(4);
    vi.stubEnv('TEST_SEED', 'new');
    expect(() => new FaultyLine(binding, { path: PATH })).toThrow(
      invalidOption('FaultyLine: TEST_SEED is "new"; expected an integer'),
    );
  });
});
