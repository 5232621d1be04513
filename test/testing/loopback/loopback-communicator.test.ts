import { describe, expect, test } from 'vitest';
import { LoopbackCommunicator, type LoopbackConnection } from '../../../src/testing/loopback/loopback-communicator.js';
import { describeCommunicatorContract } from '../../communicator-contract.js';
import { gate, someTurns } from '../../contract/harness.js';
import { Inbox } from '../../support/inbox.js';
import { MiB, usedBytes } from '../../support/memory.js';
import { catchUncaught } from '../../support/uncaught.js';

describeCommunicatorContract(
  'LoopbackCommunicator',
  async () => ({ communicator: new LoopbackCommunicator(), connection: () => ({}), async dispose() {} }),
  { canFail: false },
);

const bytes = (...values: number[]) => Uint8Array.from(values);

async function started(connection: LoopbackConnection = {}, shutdownTimeoutMs = 2_000) {
  const communicator = new LoopbackCommunicator({ shutdownTimeoutMs });
  communicator.addConnection('a', connection);
  const inbox = new Inbox();
  communicator.setReceiveHandler(inbox.handler);
  await communicator.initialize();
  return { communicator, inbox };
}

/** A receive handler that settles when it is released. */
function stuckHandler() {
  const entered = gate();
  const released = gate();
  const packets: Uint8Array[] = [];
  const handler = async (_name: string, packet: Uint8Array) => {
    packets.push(packet);
    entered.open();
    await released.opened;
  };
  return { handler, packets, entered: entered.opened, release: released.open };
}

describe('reply', () => {
  test('may return one packet, several or none', async () => {
    const { communicator, inbox } = await started({
      reply: ([count = 0]) => {
        switch (count) {
          case 0:
            return undefined;
          case 1:
            return bytes(1);
          default:
            return Array.from({ length: count }, (_, index) => bytes(count, index));
        }
      },
    });
    await Promise.all([0, 1, 3, 0, 1].map((count) => communicator.send('a', bytes(count))));
    await inbox.count(5);
    await someTurns();
    expect(inbox.packets('a')).toEqual([bytes(1), bytes(3, 0), bytes(3, 1), bytes(3, 2), bytes(1)]);
  });

  test('may reuse its memory', async () => {
    const memory = new Uint8Array(1);
    const { communicator, inbox } = await started({
      reply: ([value = 0]) => {
        memory[0] = value;
        return [memory, memory];
      },
    });
    await Promise.all([1, 2].map((value) => communicator.send('a', bytes(value))));
    await inbox.count(4);
    expect(inbox.packets('a')).toEqual([bytes(1), bytes(1), bytes(2), bytes(2)]);
  });

  test('causes an uncaught error if it throws, and the next packet gets its reply', async () => {
    const { next, release } = catchUncaught();
    try {
      const { communicator, inbox } = await started({
        reply: (packet) => {
          if (packet[0] === 1) {
            throw new Error('reply failed on purpose');
          }
          return packet;
        },
      });
      await Promise.all([communicator.send('a', bytes(1)), communicator.send('a', bytes(2))]);
      expect(await next).toEqual(new Error('reply failed on purpose'));
      expect(await inbox.next()).toEqual({ name: 'a', packet: bytes(2) });
    } finally {
      release();
    }
  });

  test('is not called within send', async () => {
    let inSend = true;
    const seen: boolean[] = [];
    const { communicator, inbox } = await started({
      reply: (packet) => {
        seen.push(inSend);
        return packet;
      },
    });
    const sending = communicator.send('a', bytes(1));
    inSend = false;
    await sending;
    await inbox.next();
    expect(seen).toEqual([false]);
  });
});

describe('inject', () => {
  test('makes a copy of a packet arrive, and resolves when it was handled', async () => {
    const { communicator } = await started();
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const packet = bytes(1, 2);
    let handled = false;
    const injecting = communicator.inject('a', packet).then(() => {
      handled = true;
    });
    packet.fill(0xff);
    await entered;
    await someTurns();
    expect({ handled, packets }).toEqual({ handled: false, packets: [bytes(1, 2)] });
    release();
    await injecting;
  });

  test('keeps the order of packets and replies', async () => {
    const { communicator, inbox } = await started();
    await communicator.send('a', bytes(1));
    await Promise.all([communicator.inject('a', bytes(2)), communicator.inject('a', bytes(3))]);
    expect(inbox.packets('a')).toEqual([bytes(1), bytes(2), bytes(3)]);
  });

  test('rejects unless STARTED, and for an unknown name', async () => {
    const communicator = new LoopbackCommunicator();
    communicator.addConnection('a', {});
    await expect(communicator.inject('a', bytes(1))).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
    await communicator.initialize();
    await expect(communicator.inject('b', bytes(1))).rejects.toMatchObject({ code: 'KEY_ERROR' });
    await communicator.shutdown();
    await expect(communicator.inject('a', bytes(1))).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  });

  test('rejects if shutdown comes first, whether or not the handler was called', async () => {
    const { communicator } = await started();
    const { handler, packets, entered } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const injections = [communicator.inject('a', bytes(1)), communicator.inject('a', bytes(2))];
    const refused = injections.map((injecting) => expect(injecting).rejects.toMatchObject({ code: 'ILLEGAL_STATE' }));
    await entered;
    await communicator.shutdown();
    await Promise.all(refused);
    expect(packets).toEqual([bytes(1)]);
    expect(communicator.droppedPackets('a')).toBe(1);
  });

  test('rejects beyond 1,048,576 bytes', async () => {
    const { communicator } = await started();
    const { handler } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const results = Array.from({ length: 17 }, () => communicator.inject('a', new Uint8Array(65_535)));
    await expect(results[16]).rejects.toMatchObject({ code: 'SEND_QUEUE_FULL', connection: 'a' });
    const refused = results
      .slice(0, 16)
      .map((result) => expect(result).rejects.toMatchObject({ code: 'ILLEGAL_STATE' }));
    await communicator.shutdown();
    await Promise.all(refused);
  });
});

describe('flow control', () => {
  test('delays sends while 65,536 bytes wait for the handler', async () => {
    const { communicator } = await started();
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    let sent = 0;
    const sends = Array.from({ length: 100 }, () => communicator.send('a', new Uint8Array(1_023)).then(() => sent++));
    await entered;
    await someTurns();
    expect(sent).toBe(64);
    release();
    await Promise.all(sends);
    await someTurns(200);
    expect(packets).toHaveLength(100);
  });

  test('rejects sends beyond 1,048,576 queued bytes, and those packets never arrive', async () => {
    const { communicator, inbox } = await started();
    const results = await Promise.allSettled(
      Array.from({ length: 1_030 }, (_, index) => communicator.send('a', new Uint8Array(1_023).fill(index & 0xff))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1_024);
    expect(results.findIndex(({ status }) => status === 'rejected')).toBe(1_024);
    expect(results.at(-1)).toMatchObject({ reason: { code: 'SEND_QUEUE_FULL', connection: 'a' } });
    await inbox.count(1_024);
    await communicator.send('a', bytes(1));
    await inbox.count(1_025);
    expect(inbox.packets('a').at(-1)).toEqual(bytes(1));
  });

  test('lets a packet longer than 65,536 bytes through alone', async () => {
    const { communicator, inbox } = await started({ maxPacketBytes: 200_000 });
    await Promise.all([communicator.send('a', new Uint8Array(200_000)), communicator.send('a', bytes(1))]);
    await inbox.count(2);
    expect(inbox.packets('a').map((packet) => packet.length)).toEqual([200_000, 1]);
  });

  test.each([
    [{}, 65_536],
    [{ maxPacketBytes: 3 }, 3],
    [{ maxPacketBytes: 0 }, 0],
  ])('with %j accepts packets of up to %i bytes', async (connection, longest) => {
    const { communicator, inbox } = await started(connection);
    await communicator.send('a', new Uint8Array(longest));
    await expect(communicator.send('a', new Uint8Array(longest + 1))).rejects.toMatchObject({
      name: 'InvalidArgumentError',
      code: 'PACKET_TOO_LARGE',
    });
    await inbox.next();
    await someTurns();
    expect(inbox.arrivals).toHaveLength(1);
  });

  test('does not block the event loop during an endless exchange', async () => {
    const { communicator } = await started();
    let exchanged = 0;
    communicator.setReceiveHandler((name, packet) => {
      exchanged++;
      communicator.send(name, packet).catch(() => {});
    });
    await communicator.send('a', bytes(1));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(exchanged).toBeGreaterThan(5);
    await communicator.shutdown();
  });

  test('needs no memory for a sender faster than the handler', async () => {
    const { communicator } = await started();
    communicator.setReceiveHandler(() => new Promise((resolve) => setImmediate(resolve)));
    const send = async (packets: number) => {
      for (let count = 0; count < packets; count++) {
        await communicator.send('a', new Uint8Array(16_384));
      }
    };
    await send(200);
    const before = usedBytes();
    await send(2_000);
    expect(usedBytes() - before).toBeLessThan(16 * MiB);
    await communicator.shutdown();
  });
});

describe('aborting a queued send', () => {
  test('rejects it at once, and the other sends continue', async () => {
    const { communicator } = await started();
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const controller = new AbortController();
    const first = communicator.send('a', new Uint8Array(65_000).fill(1));
    const aborted = communicator.send('a', new Uint8Array(65_000).fill(2), { signal: controller.signal });
    const last = communicator.send('a', bytes(3));
    await first;
    await entered;
    controller.abort('not now');
    await expect(aborted).rejects.toBe('not now');
    release();
    await last;
    await someTurns();
    expect(packets.map((packet) => packet[0])).toEqual([1, 3]);
  });
});

describe('shutdown', () => {
  test('drops and counts packets in flight', async () => {
    const { communicator, inbox } = await started();
    const sends = Promise.all([1, 2, 3].map((value) => communicator.send('a', bytes(value))));
    await communicator.shutdown();
    await sends;
    await someTurns();
    expect(inbox.arrivals.length + communicator.droppedPackets('a')).toBe(3);
  });

  test('counts the replies that a stuck handler did not get', async () => {
    const { communicator } = await started({ reply: (packet) => [packet, packet, packet] });
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    await communicator.send('a', bytes(1));
    await entered;
    await communicator.shutdown();
    release();
    await someTurns();
    expect(packets).toHaveLength(1);
    expect(communicator.droppedPackets('a')).toBe(2);
  });

  test('waits for queued sends, and delivers packets until then', async () => {
    const { communicator } = await started();
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const sends = [1, 2].map((value) => communicator.send('a', new Uint8Array(65_000).fill(value)));
    await entered;
    const stopping = communicator.shutdown();
    await someTurns();
    release();
    await Promise.all([...sends, stopping]);
    expect(packets.length + communicator.droppedPackets('a')).toBe(2);
  });

  test('ends within shutdownTimeoutMs, and rejects sends that are still queued', async () => {
    const { communicator } = await started({}, 30);
    const { handler, packets, entered } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const sends = [1, 2, 3].map((value) => communicator.send('a', new Uint8Array(65_000).fill(value)));
    const settled = Promise.allSettled(sends);
    await entered;
    await communicator.shutdown();
    expect(await settled).toMatchObject([
      { status: 'fulfilled' },
      { reason: { code: 'SHUTDOWN_TIMEOUT', connection: 'a' } },
      { reason: { code: 'SHUTDOWN_TIMEOUT', connection: 'a' } },
    ]);
    expect(packets).toHaveLength(1);
  });

  test('ends at once when the last queued send is aborted', async () => {
    const { communicator } = await started({}, 2_147_483_647);
    const { handler, entered } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const controller = new AbortController();
    const first = communicator.send('a', new Uint8Array(65_000));
    const aborted = communicator.send('a', new Uint8Array(65_000), { signal: controller.signal });
    const refused = expect(aborted).rejects.toBe('given up');
    await first;
    await entered;
    const stopping = communicator.shutdown();
    controller.abort('given up');
    await Promise.all([refused, stopping]);
  });
});

describe('packets without a handler', () => {
  test('are dropped and counted', async () => {
    const communicator = new LoopbackCommunicator();
    communicator.addConnection('a', {});
    await communicator.initialize();
    await communicator.send('a', bytes(1));
    await communicator.inject('a', bytes(2));
    expect(communicator.droppedPackets('a')).toBe(2);
    const inbox = new Inbox();
    communicator.setReceiveHandler(inbox.handler);
    await communicator.inject('a', bytes(3));
    expect(inbox.packets('a')).toEqual([bytes(3)]);
    expect(() => communicator.droppedPackets('b')).toThrow(expect.objectContaining({ code: 'KEY_ERROR' }));
  });
});

describe('an invalid connection', () => {
  test.each([
    [{ maxPacketBytes: -1 }, 'maxPacketBytes is -1; expected an integer of at least 0'],
    [{ maxPacketBytes: 1.5 }, 'maxPacketBytes is 1.5'],
    [{ reply: 7 }, 'reply is 7; expected a function'],
    [{ path: '/dev/ttyACM0' }, 'unknown setting "path"; expected one of reply, maxPacketBytes'],
  ])('is rejected: %j', (connection, message) => {
    const communicator = new LoopbackCommunicator();
    expect(() => communicator.addConnection('a', connection as LoopbackConnection)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONNECTION', message: expect.stringContaining(message) }),
    );
  });
});
