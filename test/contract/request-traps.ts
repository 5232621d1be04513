import { describe, expect, test } from 'vitest';
import type { Communicator } from '../../src/index.js';
import { expectRequestsCounted } from '../support/stats.js';
import { gate, type MakeHarness, outcome, someTurns, start, startWith } from './harness.js';

const packet = (kind: number, ...rest: number[]) => Uint8Array.of(kind, 0, ...rest);
const ofKind = (kind: number) => (reply: Uint8Array) => reply[0] === kind;
const ASK = 1;
const REPLY = 2;
const END = 3;

/** The consumers of packets. Each calls `handle` for the packets of connection "a", one at a time, and waits for it. */
const CONSUMERS: [string, (communicator: Communicator<unknown>, handle: (packet: Uint8Array) => unknown) => void][] = [
  ['the receive handler', (communicator, handle) => communicator.setReceiveHandler((_name, packet) => handle(packet))],
  ['onPacket', (communicator, handle) => communicator.connection('a').onPacket(handle)],
  [
    'the body of a for await loop',
    (communicator, handle) => {
      void (async () => {
        for await (const packet of communicator.packets('a')) {
          await handle(packet);
        }
      })();
    },
  ],
];

/** Does in one place what must not block: awaits a request on the connection whose packets it handles. */
export function describeRequestTraps(makeHarness: MakeHarness): void {
  describe.each(CONSUMERS)('a request awaited in %s', (_where, consume) => {
    test.each([
      ['without ids', {}],
      ['with ids', { requestIds: { bytes: 1 } }],
    ])('gets its reply, and the packets between are handled afterwards, in order: %s', async (_ids, settings) => {
      const { communicator } = await startWith(makeHarness, settings, 'a');
      const log: string[] = [];
      const ended = gate();
      consume(communicator, async (received) => {
        const [kind, , number] = received;
        if (kind === ASK) {
          log.push(`asks ${number}`);
          const reply = await communicator.request('a', packet(REPLY, number!), { matches: ofKind(REPLY) });
          log.push(`reply ${reply[2]}`);
        } else {
          log.push(`packet ${number}`);
        }
        if (kind === END) {
          ended.open();
        }
      });
      const kinds = [ASK, 0, 0, ASK, ASK, 0, END];
      await Promise.all(kinds.map((kind, index) => communicator.send('a', packet(kind, index))));
      await ended.opened;
      expect(log).toEqual([
        ...['asks 0', 'reply 0', 'packet 1', 'packet 2'],
        ...['asks 3', 'reply 3', 'asks 4', 'reply 4', 'packet 5', 'packet 6'],
      ]);
      expect(communicator.stats('a')).toMatchObject({ packetsDelivered: 7, repliesReceived: 3, packetsDropped: 0 });
    });

    test('requests made outside of it get their replies, too, while it is busy', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const busy = gate();
      const entered = gate();
      const handled: number[] = [];
      consume(communicator, async ([kind]) => {
        handled.push(kind!);
        entered.open();
        await busy.opened;
      });
      await Promise.all([4, 5, 6].map((kind) => communicator.send('a', packet(kind))));
      await entered.opened;
      for (const kind of [7, 8]) {
        expect(await communicator.request('a', packet(kind), { matches: ofKind(kind) })).toEqual(packet(kind));
      }
      expect(handled).toEqual([4]);
      busy.open();
      await communicator.send('a', packet(9));
      await expect.poll(() => handled).toEqual([4, 5, 6, 9]);
    });

    test('rejects with REQUEST_BLOCKED when requestBacklogBytes are full, and no packet is lost', async () => {
      const { communicator } = await startWith(makeHarness, { requestBacklogBytes: 64 }, 'a');
      const log: unknown[] = [];
      const ended = gate();
      consume(communicator, async (received) => {
        const [kind, , number] = received;
        if (kind === ASK) {
          const options = { matches: () => false, timeoutMs: 60_000 };
          log.push(await outcome(communicator.request('a', packet(REPLY), options)));
          log.push(await outcome(communicator.request('a', packet(REPLY), options)));
        } else if (kind !== REPLY) {
          log.push(number);
        }
        if (kind === END) {
          ended.open();
        }
      });
      await communicator.send('a', packet(ASK));
      const others = Array.from({ length: 20 }, (_, index) => packet(0, index, 1, 2, 3, 4, 5, 6));
      await Promise.all(others.map((other) => communicator.send('a', other)));
      await communicator.send('a', packet(END, 20));
      await ended.opened;
      const blocked = {
        error: expect.objectContaining({
          name: 'ConnectionError',
          code: 'REQUEST_BLOCKED',
          connection: 'a',
          message: expect.stringContaining('requestBacklogBytes'),
        }),
      };
      expect(log).toEqual([blocked, blocked, ...Array.from({ length: 21 }, (_, index) => index)]);
      // The connection is as good as before.
      const options = { matches: ofKind(7), timeoutMs: 10_000 };
      expect(await communicator.request('a', packet(7), options)).toEqual(packet(7));
      expect(communicator.stats('a')).toMatchObject({ packetsDropped: 0, requestsFailed: 2 });
      expectRequestsCounted(communicator.stats('a'));
    });

    test('does not delay shutdown, and rejects', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const asked = gate();
      const ends: unknown[] = [];
      consume(communicator, async () => {
        const request = outcome(communicator.request('a', packet(REPLY), { matches: () => false, timeoutMs: 60_000 }));
        asked.open();
        ends.push(await request);
      });
      await communicator.send('a', packet(ASK));
      await asked.opened;
      await communicator.shutdown();
      expect(ends[0]).toMatchObject({ error: { code: 'SHUTDOWN_TIMEOUT' } });
    });
  });

  test('without a waiting request, a busy handler still pauses the connection', async () => {
    const { communicator } = await startWith(makeHarness, { requestBacklogBytes: 64 }, 'a');
    const busy = gate();
    const handled: number[] = [];
    communicator.setReceiveHandler((_name, received) => {
      handled.push(received[2]!);
      return busy.opened;
    });
    const count = 20;
    const sends = Array.from({ length: count }, (_, index) => communicator.send('a', packet(0, index, 1, 2, 3, 4, 5)));
    await Promise.all(sends);
    await someTurns();
    expect(handled.length).toBeLessThanOrEqual(1);
    busy.open();
    await expect.poll(() => handled).toEqual(Array.from({ length: count }, (_, index) => index));
  });
}
