import { expect, onTestFinished, test } from 'vitest';
import { cobsEncode, type ReceiveHandler, SerialCommunicator } from '../../src/index.js';
import { LoopbackCommunicator } from '../../src/testing/index.js';
import { KernelPort } from '../support/kernel-port.js';

const HANDLER_MS = 5;
const PACKETS = 100;
const FRAME = Buffer.concat([cobsEncode(Uint8Array.of(1, 2, 3)), Buffer.of(0)]);
const CHUNK = Buffer.concat(Array.from({ length: PACKETS }, () => FRAME));

/** Takes its time without letting the event loop run. */
function beSlow(): void {
  const endAt = performance.now() + HANDLER_MS;
  while (performance.now() < endAt) {
    // Until the time is up.
  }
}

/** Counts the turns of the event loop, and keeps the number of packets handled at each. */
function watchTurns(handled: () => number): number[] {
  const counts: number[] = [];
  let timer = setTimeout(function look() {
    counts.push(handled());
    timer = setTimeout(look, 0);
  }, 0);
  onTestFinished(() => clearTimeout(timer));
  return counts;
}

/** The most packets handled between two turns of the event loop, of the counts at each and the final count. */
function mostAtOnce(counts: number[], final: number): number {
  return Math.max(...[...counts, final].map((count, index) => count - (counts[index - 1] ?? 0)));
}

async function startPorts(count: number, handler: ReceiveHandler) {
  const ports: KernelPort[] = [];
  const serial = new SerialCommunicator({
    binding: {
      list: async () => [],
      async open(options) {
        const port = new KernelPort(options);
        ports.push(port);
        return port;
      },
    },
  });
  for (let index = 0; index < count; index++) {
    serial.addConnection(`arm${index}`, { path: `/dev/${index}`, baudRate: 9_600 });
  }
  serial.setReceiveHandler(handler);
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  await new Promise((resolve) => setImmediate(resolve));
  return { serial, ports };
}

test.each<[string, ReceiveHandler]>([
  ['is synchronous', beSlow],
  ['returns a promise', async () => beSlow()],
  [
    'is slow after an await',
    async () => {
      await undefined;
      beSlow();
    },
  ],
])('lets the event loop run after one or two packets when the handler is slow and %s', async (_how, handle) => {
  let handled = 0;
  let done = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const { serial, ports } = await startPorts(1, (name, packet) => {
    if (++handled === PACKETS) {
      done();
    }
    return handle(name, packet);
  });
  const counts = watchTurns(() => handled);
  ports[0]!.give(CHUNK);
  await all;
  expect(mostAtOnce(counts, PACKETS)).toBeLessThanOrEqual(2);
  expect(serial.stats('arm0')).toMatchObject({ packetsDelivered: PACKETS, packetsDropped: 0 });
});

test('gives each port its turn when the handler of all is slow, and keeps the order of each', async () => {
  const order: string[] = [];
  let done = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const { ports } = await startPorts(4, (name) => {
    order.push(name);
    beSlow();
    if (order.length === 4 * 10) {
      done();
    }
  });
  const counts = watchTurns(() => order.length);
  for (const port of ports) {
    port.give(CHUNK.subarray(0, 10 * FRAME.length));
  }
  await all;
  expect(mostAtOnce(counts, order.length)).toBeLessThanOrEqual(3);
  // Nobody waits for more than one packet of each of the others, and the one that was being handled.
  for (let from = 0; from + 8 <= order.length; from++) {
    expect(new Set(order.slice(from, from + 8)).size).toBe(4);
  }
});

test('a loopback communicator lets the event loop run, too', async () => {
  const loopback = new LoopbackCommunicator();
  loopback.addConnection('arm', {});
  onTestFinished(() => loopback[Symbol.asyncDispose]());
  let handled = 0;
  let done = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  loopback.setReceiveHandler(() => {
    beSlow();
    if (++handled === PACKETS) {
      done();
    }
  });
  await loopback.initialize();
  const counts = watchTurns(() => handled);
  await Promise.all(Array.from({ length: PACKETS }, () => loopback.send('arm', Uint8Array.of(1))));
  await all;
  expect(mostAtOnce(counts, PACKETS)).toBeLessThanOrEqual(2);
});

test('drops and counts the packets that wait for their turn when shutdown closes the port', async () => {
  let stopped: Promise<void> | undefined;
  const { serial, ports } = await startPorts(1, () => {
    beSlow();
    stopped ??= serial.shutdown();
  });
  ports[0]!.give(CHUNK);
  await stopped;
  const { packetsReceived, packetsDelivered, packetsDropped } = serial.stats('arm0');
  expect(packetsReceived).toBe(PACKETS);
  expect(packetsDelivered).toBeLessThan(5);
  expect(packetsDelivered + packetsDropped).toBe(PACKETS);
});
