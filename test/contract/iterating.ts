import { describe, expect, test } from 'vitest';
import type { Communicator } from '../../src/index.js';
import { countListeners, gate, type MakeHarness, outcome, settledAtOnce, setUp, someTurns, start } from './harness.js';

const packet = (kind: number) => Uint8Array.of(kind, 0);
const END = { done: true, value: undefined };
const item = (kind: number) => ({ done: false, value: packet(kind) });

async function sendAll(communicator: Communicator<unknown>, ...kinds: number[]): Promise<void> {
  await Promise.all(kinds.map((kind) => communicator.send('a', packet(kind))));
}

/** Resolves when everything that the device has sent so far was read: a reply comes last, and passes busy consumers. */
async function readAll(communicator: Communicator<unknown>): Promise<void> {
  await communicator.request('a', packet(0xff), { matches: ([kind]) => kind === 0xff });
}

/** Takes packets until one of this kind, and returns the kinds of all. */
async function takeUntil(packets: AsyncIterable<Uint8Array>, last: number): Promise<number[]> {
  const kinds: number[] = [];
  for await (const received of packets) {
    kinds.push(received[0]!);
    if (received[0] === last) {
      break;
    }
  }
  return kinds;
}

export function describeIterating(makeHarness: MakeHarness): void {
  describe('packets', () => {
    test('yields the packets of its connection in order; the receive handler gets those of the others', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const packets = communicator.packets('a');
      await sendAll(communicator, 1, 2, 3);
      await communicator.send('b', packet(9));
      expect(await takeUntil(packets, 3)).toEqual([1, 2, 3]);
      expect(await inbox.next()).toEqual({ name: 'b', packet: packet(9) });
      expect(inbox.packets('a')).toEqual([]);
      expect(communicator.stats('a')).toMatchObject({ packetsDelivered: 3, packetsDropped: 0 });
    });

    test('can be called before initialize, and collects from the call on', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const packets = communicator.packets('a');
      await communicator.initialize();
      await sendAll(communicator, 1, 2);
      await someTurns();
      expect(await takeUntil(packets, 2)).toEqual([1, 2]);
    });

    test('throws KeyError for an unknown name and INVALID_OPTION for a wrong option', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      expect(() => communicator.packets('b')).toThrow(expect.objectContaining({ code: 'KEY_ERROR' }));
      for (const options of [{ signal: new AbortController() }, new AbortController().signal]) {
        expect(() => communicator.packets('a', options as never)).toThrow(
          expect.objectContaining({ code: 'INVALID_OPTION' }),
        );
      }
    });

    test('several at a time yield the same packets', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const all = [1, 2, 3].map(() => takeUntil(communicator.packets('a'), 4));
      await sendAll(communicator, 1, 2, 3, 4);
      expect(await Promise.all(all)).toEqual([1, 2, 3].map(() => [1, 2, 3, 4]));
      expect(communicator.stats('a').packetsDelivered).toBe(4);
    });

    test('the own handler gets the same packets', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const handled: number[] = [];
      communicator.connection('a').onPacket(([kind]) => handled.push(kind!));
      const packets = communicator.packets('a');
      await sendAll(communicator, 1, 2);
      expect(await takeUntil(packets, 2)).toEqual([1, 2]);
      expect(handled).toEqual([1, 2]);
    });

    test('the next packet waits until the slowest consumer asks for it', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const handled: number[] = [];
      communicator.connection('a').onPacket(([kind]) => handled.push(kind!));
      const fast: number[] = [];
      const slow = communicator.packets('a');
      const ended = (async () => {
        for await (const [kind] of communicator.packets('a')) {
          fast.push(kind!);
        }
      })();
      await sendAll(communicator, 1, 2, 3);
      expect(await slow.next()).toEqual(item(1));
      await someTurns();
      expect({ handled, fast }).toEqual({ handled: [1], fast: [1] });
      expect(await slow.next()).toEqual(item(2));
      await someTurns();
      expect({ handled, fast }).toEqual({ handled: [1, 2], fast: [1, 2] });
      await slow.return!();
      await expect.poll(() => fast).toEqual([1, 2, 3]);
      await communicator.shutdown();
      await ended;
    });

    test('a loop whose body awaits gets the packets one at a time', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const log: string[] = [];
      const packets = communicator.packets('a');
      await sendAll(communicator, 1, 2, 3);
      for await (const [kind] of packets) {
        log.push(`begin ${kind}`);
        await someTurns(5);
        log.push(`end ${kind}`);
        if (kind === 3) {
          break;
        }
      }
      expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
    });

    test('calls of next that overlap get one packet each, in order', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const packets = communicator.packets('a');
      const results = [1, 2, 3].map(() => packets.next());
      await sendAll(communicator, 1, 2, 3);
      expect(await Promise.all(results)).toEqual([item(1), item(2), item(3)]);
    });

    test.each([
      ['break', () => true],
      [
        'throw',
        () => {
          throw new Error('left on purpose');
        },
      ],
    ])('leaving the loop by %s releases everything: the handler gets the next packet', async (_how, leave) => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const { signal } = new AbortController();
      const listeners = countListeners(signal);
      const packets = communicator.packets('a', { signal });
      await sendAll(communicator, 1, 2, 3);
      const loop = async () => {
        for await (const _ of packets) {
          if (leave()) {
            break;
          }
        }
      };
      await outcome(loop());
      await inbox.count(2);
      expect(inbox.packets('a')).toEqual([packet(2), packet(3)]);
      expect(listeners.now).toBe(0);
      expect(await packets.next()).toEqual(END);
      expect(communicator.stats('a')).toMatchObject({ packetsDelivered: 3, packetsDropped: 0 });
    });

    test('return ends the calls of next that wait, and counts a packet that was not taken', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const packets = communicator.packets('a');
      const waiting = packets.next();
      expect(await packets.return!()).toEqual(END);
      expect(await waiting).toEqual(END);
      const unread = communicator.packets('a');
      await sendAll(communicator, 1, 2);
      await readAll(communicator);
      await unread.return!();
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(2) });
      expect(communicator.stats('a')).toMatchObject({ packetsDelivered: 1, packetsDropped: 1 });
    });
  });

  describeEnds(makeHarness);
}

function describeEnds(makeHarness: MakeHarness): void {
  describe('packets at the end', () => {
    test('shutdown ends the loop, also if the iterator is waiting', async () => {
      const { communicator } = await start(makeHarness, 'a', 'b');
      const waiting = communicator.packets('a').next();
      const loop = takeUntil(communicator.packets('b'), 99);
      await communicator.shutdown();
      expect(await waiting).toEqual(END);
      expect(await loop).toEqual([]);
      expect(await communicator.packets('a').next()).toEqual(END);
    });

    test('what was not consumed at shutdown is counted once', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const [packets, other] = [communicator.packets('a'), communicator.packets('a')];
      await sendAll(communicator, 1, 2, 3, 4);
      await readAll(communicator);
      for (const kind of [1, 2]) {
        expect(await Promise.all([packets.next(), other.next()])).toEqual([item(kind), item(kind)]);
      }
      await communicator.shutdown();
      expect([await packets.next(), await other.next()]).toEqual([END, END]);
      expect(communicator.stats('a')).toMatchObject({ packetsDelivered: 2, packetsDropped: 2 });
    });

    test('shutdown ends a loop whose body is still busy when that is done', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const busy = gate();
      const entered = gate();
      const packets = communicator.packets('a');
      const loop = (async () => {
        let count = 0;
        for await (const _ of packets) {
          count++;
          entered.open();
          await busy.opened;
        }
        return count;
      })();
      await sendAll(communicator, 1, 2);
      await entered.opened;
      await communicator.shutdown();
      busy.open();
      expect(await loop).toBe(1);
    });

    test('an aborted signal makes next reject with its reason once, and ends the iterator', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const controller = new AbortController();
      const { signal } = controller;
      const packets = communicator.packets('a', { signal });
      const waiting = outcome(packets.next());
      const other = communicator.packets('a', { signal });
      controller.abort('enough');
      expect(await settledAtOnce(waiting)).toEqual({ value: { error: 'enough' } });
      expect(await packets.next()).toEqual(END);
      await expect(other.next()).rejects.toBe('enough');
      await expect(communicator.packets('a', { signal }).next()).rejects.toBe('enough');
      await sendAll(communicator, 1);
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(1) });
    });

    test('many can share one signal', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const { signal } = new AbortController();
      const listeners = countListeners(signal);
      const all = Array.from({ length: 20 }, () => communicator.packets('a', { signal }));
      // Node warns of a leak when there are more than ten.
      expect(listeners.most).toBeLessThanOrEqual(10);
      await Promise.all(all.map((packets) => packets.return!()));
      expect(listeners.now).toBe(0);
    });

    test('a request takes its reply from the iterators', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const packets = communicator.packets('a');
      const reply = communicator.request('a', packet(2), { matches: ([kind]) => kind === 2 });
      await sendAll(communicator, 3);
      expect(await reply).toEqual(packet(2));
      expect(await packets.next()).toEqual(item(3));
    });
  });
}
