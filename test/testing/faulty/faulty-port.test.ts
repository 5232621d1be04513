import { describe, expect, onTestFailed, onTestFinished, test, vi } from 'vitest';
import { FaultyLine } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { kernelBinding } from '../../support/kernel-port.js';
import { PortRecorder } from '../../support/port-recorder.js';
import { randomNumbers, runSeed } from '../../support/random.js';
import { BYTES, errorOf, expectEquation, NOISE, openKernel, openMock, PATH, written } from './rig.js';

describe('a port of a faulty line', () => {
  test('cancels a pending write when it is closed, and leaves no timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const faults = { maxDelayMs: 1_000 };
    const { line, port, kernel } = await openKernel({ toDevice: faults, toHost: faults });
    const recorder = new PortRecorder(port);
    port.resume();
    kernel.give(Buffer.of(1, 2, 3));
    const writing = errorOf(Promise.resolve(port.write(Buffer.of(1))));
    await someTurns();
    expect(vi.getTimerCount()).toBe(2);
    await port.close();
    expect(await writing).toMatchObject({ canceled: true });
    expect(kernel.isOpen).toBe(false);
    await someTurns();
    expect(vi.getTimerCount()).toBe(0);
    expect(recorder.chunks).toEqual([]);
    expect(line.stats.toHost).toMatchObject({ bytesIn: 3, bytesOut: 0, lostBytes: 3 });
    await expect(port.close()).rejects.toThrow('Port is not open');
    expect((await errorOf(() => port.write(Buffer.of(1)))).message).toBe('Port is not open');
  });

  test('takes one chunk at a time from the inner port', async () => {
    const { port, kernel, line } = await openKernel();
    const recorder = new PortRecorder(port);
    recorder.wantsMore = false;
    kernel.give(Buffer.of(1, 2));
    port.resume();
    await recorder.until(() => recorder.chunks.length === 1);
    kernel.give(Buffer.of(3));
    await someTurns();
    expect(recorder.bytes).toEqual(Buffer.of(1, 2));
    expect(kernel.unreadBytes).toBe(1);
    expect(line.stats.toHost.bytesIn).toBe(2);
    port.resume();
    await recorder.until(() => recorder.chunks.length === 2);
    expect(recorder.bytes).toEqual(Buffer.of(1, 2, 3));
  });

  test('loses the bytes in flight when it is flushed', async () => {
    const { line, port, kernel } = await openKernel({ toHost: { cutRate: 1 } });
    const recorder = new PortRecorder(port);
    recorder.wantsMore = false;
    kernel.give(Buffer.of(1, 2, 3));
    port.resume();
    await recorder.until(() => recorder.chunks.length === 1);
    expect(recorder.bytes).toEqual(Buffer.of(1));
    await port.flush();
    kernel.give(Buffer.of(4));
    port.resume();
    await recorder.until(() => recorder.chunks.length === 2);
    expect(recorder.bytes).toEqual(Buffer.of(1, 4));
    expect(line.stats.toHost).toMatchObject({ bytesIn: 4, bytesOut: 2, lostBytes: 2 });
    expectEquation(line.stats.toHost);
  });

  test('passes on settings and control lines', async () => {
    const { port, device } = await openMock();
    await port.set({ dtr: false, rts: true });
    expect(device.signals).toEqual([{ dtr: false, rts: true }]);
    expect(await port.get()).toEqual({ cts: true, dsr: false, dcd: false });
    await port.update({ baudRate: 300 });
    expect(await port.getBaudRate()).toEqual({ baudRate: 300 });
    await port.write(Buffer.of(1));
    await port.drain();
  });
});

describe('a write to a port of a faulty line', () => {
  test('is done at once if the inner port accepts it at once and nothing delays it', async () => {
    const { port, device } = await openMock({ toDevice: { duplicateRate: 1 } });
    expect(port.write(Buffer.of(1, 2))).toBeUndefined();
    expect(device.writes).toEqual([Buffer.of(1, 1, 2, 2)]);
  });

  test('fails if that to the inner port fails, and the port stays usable', async () => {
    const { binding, ports } = kernelBinding();
    const line = new FaultyLine(binding, { path: PATH });
    const port = await line.binding.open({ path: PATH, baudRate: 9_600 });
    const recorder = new PortRecorder(port);
    const write = vi.spyOn(ports[0]!, 'write').mockRejectedValueOnce(new Error('EIO: i/o error, write'));
    expect((await errorOf(() => port.write(Buffer.of(1)))).message).toBe('EIO: i/o error, write');
    write.mockImplementationOnce(() => {
      throw new Error('EINVAL: invalid argument, write');
    });
    expect((await errorOf(() => port.write(Buffer.of(2)))).message).toBe('EINVAL: invalid argument, write');
    const writing = port.write(Buffer.of(3));
    ports[0]!.take(1);
    await writing;
    expect(ports[0]!.taken).toEqual(Buffer.of(3));
    expect(recorder.hangUps).toEqual([]);
    expect(line.stats.toDevice).toMatchObject({ bytesIn: 1, bytesOut: 1, lostBytes: 0 });
  });

  test('knows how much is written only if the inner port does', async () => {
    const { binding } = kernelBinding({ reportsProgress: false });
    const unknown = await new FaultyLine(binding, { path: PATH }).binding.open({ path: PATH, baudRate: 9_600 });
    expect(unknown.writtenBytes).toBeUndefined();
    expect(unknown.shortenWrite).toBeUndefined();
    const { port, kernel } = await openKernel({ toDevice: { duplicateRate: 1 } });
    const recorder = new PortRecorder(port);
    expect(port.writtenBytes).toBe(0);
    const writing = port.write(BYTES.subarray(0, 5_000));
    await someTurns(1);
    kernel.take(3);
    expect(port.writtenBytes).toBe(2);
    kernel.take(10_000);
    await someTurns(1);
    kernel.take(10_000);
    await writing;
    expect(port.writtenBytes).toBe(5_000);
    expect(recorder.progress).toEqual([2, 4_096]);
  });

  test('ends where it is shortened, whatever the faults of its bytes', async () => {
    const seed = runSeed();
    onTestFailed(() => console.log(`TEST_SEED=${seed}`));
    const random = randomNumbers(seed);
    const { output: whole } = await written({ seed, toDevice: NOISE }, BYTES);
    const { line, port, kernel } = await openKernel({ seed, toDevice: NOISE });
    for (let at = 0; at < BYTES.length; ) {
      const bytes = BYTES.subarray(at, at + random(9_000));
      const writing = port.write(bytes);
      let endsAt = bytes.length;
      while (kernel.isWriting || port.writtenBytes! < endsAt) {
        kernel.take(random(2_000));
        if (random(4) === 0) {
          endsAt = Math.min(endsAt, port.writtenBytes! + random(500));
          port.shortenWrite!(endsAt);
        }
        await someTurns(1);
      }
      await writing;
      expect(port.writtenBytes).toBe(endsAt);
      at += endsAt;
    }
    // The bytes cut off were written later, so the device received the same bytes as in one write.
    expect(kernel.taken).toEqual(whole);
    expectEquation(line.stats.toDevice);
    expect(line.stats.toDevice).toMatchObject({ bytesIn: BYTES.length, bytesOut: whole.length, lostBytes: 0 });
  });

  test.each(['unplug', 'hangUp', 'close'] as const)('knows how many bytes the device received at %s', async (end) => {
    const { line, port, kernel } = await openKernel({ toDevice: { insertRate: 1 } });
    const writing = errorOf(Promise.resolve(port.write(BYTES)));
    await someTurns(1);
    kernel.take(101);
    if (end === 'unplug') {
      line.unplug();
    } else if (end === 'hangUp') {
      kernel.hangUp();
    } else {
      await port.close();
    }
    expect(port.writtenBytes).toBe(51);
    await writing;
    expect(kernel.taken).toHaveLength(101);
    await vi.waitFor(() => expect(line.stats.toDevice).toMatchObject({ bytesIn: 51, bytesOut: 101, lostBytes: 1 }));
    expectEquation(line.stats.toDevice);
  });
});
