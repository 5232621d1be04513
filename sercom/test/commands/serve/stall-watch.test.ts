import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Lane } from '../../../src/commands/serve/lane.js';
import { PortWriter } from '../../../src/commands/serve/port-writer.js';
import { watchStalls } from '../../../src/commands/serve/stall-watch.js';
import { redirectMessages } from '../../../src/terminal/message.js';

const messages: string[] = [];

beforeEach(() => {
  messages.length = 0;
  redirectMessages((line) => messages.push(line));
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
    redirectMessages();
  });
});

/** A watched writer, whose port has begun to accept a frame. */
function writing(baudRate: number): { accept(bytes: number): void; finish(): void } {
  let finish = () => {};
  const port = {
    writtenBytes: 0,
    write: () => new Promise<void>((resolve) => (finish = resolve)),
    flush: async () => {},
    update: async () => {},
    getBaudRate: async () => ({ baudRate }),
  };
  const writer = new PortWriter(true, false, () => {});
  const timer = watchStalls('arm', writer, () => baudRate);
  onTestFinished(() => clearInterval(timer));
  writer.opened(port);
  const lane = new Lane(true, { drained: () => {}, dropped: () => {} });
  lane.append(Uint8Array.of(3, 104, 105, 0));
  writer.laneChanged(lane);
  return { accept: (bytes) => (port.writtenBytes += bytes), finish: () => finish() };
}

test('a device that accepts nothing is reported once, until it accepts something', async () => {
  const { accept } = writing(1_000_000);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(messages).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(messages).toEqual([expect.stringContaining('"arm": the device accepts no bytes')]);
  accept(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(messages).toHaveLength(2);
});

test('one that accepts a long write in parts is not reported', async () => {
  const { accept } = writing(1_000_000);
  for (let part = 0; part < 20; part++) {
    await vi.advanceTimersByTimeAsync(2_000);
    accept(1);
  }
  expect(messages).toEqual([]);
});

test('one that has nothing to accept is not reported', async () => {
  const { finish } = writing(1_000_000);
  finish();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(messages).toEqual([]);
});

test('a slow line has the time that its driver needs', async () => {
  writing(9_600);
  // 4,096 bytes take 4.3 s.
  await vi.advanceTimersByTimeAsync(7_000);
  expect(messages).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(messages).toHaveLength(1);
});
