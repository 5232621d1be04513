import { describe, expect, test } from 'vitest';
import { LoopbackCommunicator, type LoopbackConnection } from '../../../src/testing/index.js';
import { describeCommunicatorContract } from '../../communicator-contract.js';
import { someTurns } from '../../contract/harness.js';
import { Inbox } from '../../support/inbox.js';
import { catchUncaught } from '../../support/uncaught.js';
import { bytes, started, stuckHandler } from './rig.js';

describeCommunicatorContract(
  'LoopbackCommunicator',
  async () => ({ communicator: new LoopbackCommunicator(), connection: () => ({}), async dispose() {} }),
  { canFail: false },
);

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
    const rejected = injections.map((injecting) => expect(injecting).rejects.toMatchObject({ code: 'ILLEGAL_STATE' }));
    await entered;
    await communicator.shutdown();
    await Promise.all(rejected);
    expect(packets).toEqual([bytes(1)]);
    expect(communicator.stats('a').packetsDropped).toBe(1);
  });

  test('rejects beyond 1,048,576 bytes', async () => {
    const { communicator } = await started();
    const { handler } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const results = Array.from({ length: 17 }, () => communicator.inject('a', new Uint8Array(65_535)));
    await expect(results[16]).rejects.toMatchObject({ code: 'SEND_QUEUE_FULL', connection: 'a' });
    const rejected = results
      .slice(0, 16)
      .map((result) => expect(result).rejects.toMatchObject({ code: 'ILLEGAL_STATE' }));
    await communicator.shutdown();
    await Promise.all(rejected);
  });
});

describe('packets without a handler', () => {
  test('are dropped and counted', async () => {
    const communicator = new LoopbackCommunicator();
    communicator.addConnection('a', {});
    await communicator.initialize();
    await communicator.send('a', bytes(1));
    await communicator.inject('a', bytes(2));
    expect(communicator.stats('a').packetsWithoutHandler).toBe(2);
    const inbox = new Inbox();
    communicator.setReceiveHandler(inbox.handler);
    await communicator.inject('a', bytes(3));
    expect(inbox.packets('a')).toEqual([bytes(3)]);
    expect(() => communicator.stats('b')).toThrow(expect.objectContaining({ code: 'KEY_ERROR' }));
  });
});

describe('an invalid connection', () => {
  test.each([
    [{ maxPacketBytes: -1 }, 'maxPacketBytes is -1; expected an integer of at least 0'],
    [{ maxPacketBytes: 1.5 }, 'maxPacketBytes is 1.5'],
    [{ reply: 7 }, 'reply is 7; expected a function'],
    [{ path: '/dev/ttyACM0' }, 'unknown setting "path"; expected one of reply, onRequest, maxPacketBytes'],
  ])('is rejected: %j', (connection, message) => {
    const communicator = new LoopbackCommunicator();
    expect(() => communicator.addConnection('a', connection as LoopbackConnection)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONNECTION', message: expect.stringContaining(message) }),
    );
  });
});
