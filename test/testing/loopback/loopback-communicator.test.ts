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

/** A receive handler that does not settle before it is told to. */
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

describe('answer', () => {
  test('one packet, several, none', async () => {
    const { communicator, inbox } = await started({
      answer: ([count = 0]) => {
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

  test('may use its memory again', async () => {
    const memory = new Uint8Array(1);
    const { communicator, inbox } = await started({
      answer: ([value = 0]) => {
        memory[0] = value;
        return [memory, memory];
      },
    });
    await Promise.all([1, 2].map((value) => communicator.send('a', bytes(value))));
    await inbox.count(4);
    expect(inbox.packets('a')).toEqual([bytes(1), bytes(1), bytes(2), bytes(2)]);
  });

  test('that throws: an uncaught error, and the next packet is answered', async () => {
    const { next, release } = catchUncaught();
    try {
      const { communicator, inbox } = await started({
        answer: (packet) => {
          if (packet[0] === 1) {
            throw new Error('answer failed on purpose');
          }
          return packet;
        },
      });
      await Promise.all([communicator.send('a', bytes(1)), communicator.send('a', bytes(2))]);
      expect(await next).toEqual(new Error('answer failed on purpose'));
      expect(await inbox.next()).toEqual({ name: 'a', packet: bytes(2) });
    } finally {
      release();
    }
  });

  test('is not called within send', async () => {
    let inSend = true;
    const seen: boolean[] = [];
    const { communicator, inbox } = await started({
      answer: (packet) => {
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
  test('lets a packet arrive, as a copy, and resolves when it has been handled', async () => {
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

  test('keeps the order with answers', async () => {
    const { communicator, inbox } = await started();
    await communicator.send('a', bytes(1));
    await Promise.all([communicator.inject('a', bytes(2)), communicator.inject('a', bytes(3))]);
    expect(inbox.packets('a')).toEqual([bytes(1), bytes(2), bytes(3)]);
  });

  test('is illegal unless STARTED, and needs a name', async () => {
    const communicator = new LoopbackCommunicator();
    communicator.addConnection('a', {});
    await expect(communicator.inject('a', bytes(1))).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
    await communicator.initialize();
    await expect(communicator.inject('b', bytes(1))).rejects.toMatchObject({ code: 'KEY_ERROR' });
    await communicator.shutdown();
    await expect(communicator.inject('a', bytes(1))).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  });

  test('that shutdown overtakes rejects, handled or not', async () => {
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

  test('beyond 1,048,576 bytes rejects', async () => {
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

describe('flow', () => {
  test('a handler that does not settle holds sends once 65,536 bytes are on their way', async () => {
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

  test('beyond 1,048,576 bytes sends reject, and nothing of them arrives', async () => {
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

  test('a packet longer than 65,536 bytes can be on its way alone', async () => {
    const { communicator, inbox } = await started({ maxPacketBytes: 200_000 });
    await Promise.all([communicator.send('a', new Uint8Array(200_000)), communicator.send('a', bytes(1))]);
    await inbox.count(2);
    expect(inbox.packets('a').map((packet) => packet.length)).toEqual([200_000, 1]);
  });

  test.each([
    [{}, 65_536],
    [{ maxPacketBytes: 3 }, 3],
    [{ maxPacketBytes: 0 }, 0],
  ])('with %j, %i bytes can be sent, and no more', async (connection, longest) => {
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

  test('two connections that answer each other leave the event loop alone', async () => {
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

  test('a sender that does not wait for a slow handler takes no memory', async () => {
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

describe('abort while a send waits', () => {
  test('rejects at once, frees its place, and the others go on', async () => {
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
  test('drops what is on its way, and counts it', async () => {
    const { communicator, inbox } = await started();
    const sends = Promise.all([1, 2, 3].map((value) => communicator.send('a', bytes(value))));
    await communicator.shutdown();
    await sends;
    await someTurns();
    expect(inbox.arrivals.length + communicator.droppedPackets('a')).toBe(3);
  });

  test('counts the answers that a stuck handler left', async () => {
    const { communicator } = await started({ answer: (packet) => [packet, packet, packet] });
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

  test('waits for sends that wait, and goes on delivering meanwhile', async () => {
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

  test('ends within shutdownTimeoutMs, and the sends that did not make it reject', async () => {
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

  test('ends at once when the last send that waits is aborted', async () => {
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
  test('are dropped, and counted', async () => {
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

describe('a description that cannot be used', () => {
  test.each([
    [{ maxPacketBytes: -1 }, 'maxPacketBytes is -1; expected an integer of at least 0'],
    [{ maxPacketBytes: 1.5 }, 'maxPacketBytes is 1.5'],
    [{ answer: 7 }, 'answer is 7; expected a function'],
    [{ path: '/dev/ttyACM0' }, 'unknown setting "path"; expected one of answer, maxPacketBytes'],
  ])('%j', (connection, message) => {
    const communicator = new LoopbackCommunicator();
    expect(() => communicator.addConnection('a', connection as LoopbackConnection)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONNECTION', message: expect.stringContaining(message) }),
    );
  });
});
