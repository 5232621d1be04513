import { describe, expect, test } from 'vitest';
import type { Codec } from '../../src/index.js';
import { gate, type MakeHarness, start } from './harness.js';

/** A message of two numbers is three bytes: 7, and the numbers. Neither may be 0. */
type Point = [x: number, y: number];

const codec: Codec<Point> = {
  encode([x, y]) {
    if (x === 0 || y === 0) {
      throw new RangeError('0 is no coordinate');
    }
    return Uint8Array.of(7, x, y);
  },
  decode(packet) {
    const [mark, x = 0, y = 0] = packet;
    if (packet.length !== 3 || mark !== 7) {
      throw new Error('not a point');
    }
    return [x, y];
  },
};

const NO_POINT = Uint8Array.of(8);

export function describeChannels(makeHarness: MakeHarness): void {
  describe('channel', () => {
    test('encodes what is sent, and decodes what is received', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const channel = communicator.channel('a', codec);
      const received = new Promise((resolve) => channel.onMessage(resolve));
      await channel.send([1, 2]);
      expect(await received).toEqual([1, 2]);
      // The handler of all connections gets the packets of the others only.
      await communicator.send('b', Uint8Array.of(7, 3, 4));
      await inbox.count(1);
      expect(inbox.arrivals).toEqual([{ name: 'b', packet: Uint8Array.of(7, 3, 4) }]);
    });

    test('resolves a request with the decoded reply', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const channel = communicator.channel('a', codec);
      const requests = [1, 2, 3].map((x) => channel.request([x, 9], { matches: ([reply]) => reply === x }));
      expect(await Promise.all(requests)).toEqual([
        [1, 9],
        [2, 9],
        [3, 9],
      ]);
      expect(inbox.arrivals).toEqual([]);
      expect(channel.connection.stats).toMatchObject({ requestsMade: 3, requestsReplied: 3, requestsWaiting: 0 });
    });

    test('rejects with what encode throws, and sends nothing', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const channel = communicator.channel('a', codec);
      await expect(channel.send([0, 1])).rejects.toThrow('0 is no coordinate');
      await expect(channel.request([0, 1], { matches: () => true })).rejects.toThrow('0 is no coordinate');
      await channel.send([1, 1]);
      await inbox.count(1);
      expect(inbox.arrivals).toEqual([{ name: 'a', packet: Uint8Array.of(7, 1, 1) }]);
    });

    test('reports packets that do not decode, and handles the others', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const channel = communicator.channel('a', codec);
      const undecoded: unknown[] = [];
      communicator.on('undecodedPacket', (event) => undecoded.push(event));
      const handled: Point[] = [];
      const all = gate();
      channel.onMessage((point) => {
        handled.push(point);
        if (handled.length === 2) {
          all.open();
        }
      });
      const messages = channel.messages();
      await channel.send([1, 1]);
      await communicator.send('a', NO_POINT);
      await channel.send([2, 2]);
      expect(await messages.next()).toEqual({ done: false, value: [1, 1] });
      expect(await messages.next()).toEqual({ done: false, value: [2, 2] });
      await all.opened;
      expect(handled).toEqual([
        [1, 1],
        [2, 2],
      ]);
      expect(undecoded).toEqual([{ name: 'a', packet: NO_POINT, error: new Error('not a point') }]);
      expect(channel.connection.stats).toMatchObject({ undecodedPackets: 1, packetsDelivered: 3 });
    });

    test('ends the messages at shutdown', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const messages = communicator.channel('a', codec).messages();
      const pending = messages.next();
      await communicator.shutdown();
      expect(await pending).toEqual({ done: true, value: undefined });
      expect(await messages.next()).toEqual({ done: true, value: undefined });
    });
  });
}
