import { describe, expect, test } from 'vitest';
import { type CommunicatorEvents, CommunicatorState, type ReceiveHandler } from '../../src/index.js';
import { fresh, gate, type MakeHarness, setUp, someTurns, start } from './harness.js';

/** What a library with its own promises could return. */
const thenable = () =>
  Object.fromEntries([
    ['then', (_: unknown, reject: (error: Error) => void) => reject(new Error('failed on purpose'))],
  ]) as unknown as Promise<void>;

const numbered = (index: number) => Uint8Array.of(index, 0, index);

export function describeReceiving(makeHarness: MakeHarness): void {
  describe('receive handler', () => {
    test('throws AttributeError when read before it is set', async () => {
      const { communicator } = await fresh(makeHarness);
      expect(() => communicator.receiveHandler).toThrow(
        expect.objectContaining({ name: 'AttributeError', code: 'ATTRIBUTE_ERROR' }),
      );
    });

    test('can be set and read in every state', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const handlers: ReceiveHandler[] = [() => {}, () => {}, () => {}, () => {}];
      const set = (index: number) => {
        communicator.setReceiveHandler(handlers[index]!);
        expect(communicator.receiveHandler).toBe(handlers[index]);
      };
      set(0);
      const initializing = communicator.initialize();
      set(1);
      await initializing;
      set(2);
      await communicator.shutdown();
      set(3);
    });

    test.each([undefined, null, {}, 'text'])('rejects %j as a handler', async (value) => {
      const { communicator, inbox } = await setUp(makeHarness);
      expect(() => communicator.setReceiveHandler(value as unknown as ReceiveHandler)).toThrow(TypeError);
      expect(communicator.receiveHandler).toBe(inbox.handler);
    });

    test('set after initialize, gets the packets from then on', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      let seen: (name: string) => void;
      const second = new Promise<string>((resolve) => {
        seen = resolve;
      });
      communicator.setReceiveHandler((name) => seen(name));
      await communicator.send('a', numbered(1));
      expect(await second).toBe('a');
      expect(inbox.arrivals).toEqual([]);
    });

    test('replaced while busy: the new one gets the next packet, after the old one has settled', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const busy = gate();
      const entered = gate();
      const first: number[] = [];
      communicator.setReceiveHandler(async (_name, packet) => {
        first.push(packet[0]!);
        entered.open();
        await busy.opened;
      });
      await Promise.all([communicator.send('a', numbered(1)), communicator.send('a', numbered(2))]);
      await entered.opened;
      communicator.setReceiveHandler(inbox.handler);
      await someTurns();
      expect(inbox.arrivals).toEqual([]);
      busy.open();
      expect(await inbox.next()).toEqual({ name: 'a', packet: numbered(2) });
      expect(first).toEqual([1]);
    });

    test('gets the packets in order, one at a time', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const count = 20;
      const order: number[] = [];
      let running = 0;
      let mostRunning = 0;
      const all = gate();
      communicator.setReceiveHandler(async (_name, packet) => {
        mostRunning = Math.max(mostRunning, ++running);
        // Later packets are handled faster.
        await someTurns(count - packet[0]!);
        order.push(packet[0]!);
        running--;
        if (order.length === count) {
          all.open();
        }
      });
      await Promise.all(Array.from({ length: count }, (_, index) => communicator.send('a', numbered(index))));
      await all.opened;
      expect(order).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(mostRunning).toBe(1);
    });

    test('that never settles pauses only its own connection', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const stuck: number[] = [];
      const entered = gate();
      communicator.setReceiveHandler((name, packet) => {
        if (name === 'b') {
          return inbox.handler(name, packet);
        }
        stuck.push(packet[0]!);
        entered.open();
        return new Promise(() => {});
      });
      await Promise.all([communicator.send('a', numbered(1)), communicator.send('a', numbered(2))]);
      await entered.opened;
      for (let index = 0; index < 5; index++) {
        await communicator.send('b', numbered(index));
        expect(await inbox.next()).toEqual({ name: 'b', packet: numbered(index) });
      }
      expect(stuck).toEqual([1]);
    });

    test('that never settles does not delay shutdown', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const entered = gate();
      communicator.setReceiveHandler(() => {
        entered.open();
        return new Promise(() => {});
      });
      await communicator.send('a', numbered(1));
      await entered.opened;
      await expect(communicator.shutdown()).resolves.toBeUndefined();
    });

    test('may send', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      communicator.setReceiveHandler(async (name, packet) => {
        inbox.handler(name, packet);
        if (packet[0]! < 5) {
          await communicator.send(name, numbered(packet[0]! + 1));
        }
      });
      await communicator.send('a', numbered(0));
      await inbox.count(6);
      expect(inbox.packets('a')).toEqual([0, 1, 2, 3, 4, 5].map(numbered));
    });

    test('may shut down', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const stopped = gate();
      communicator.setReceiveHandler(() => {
        communicator[Symbol.asyncDispose]().then(stopped.open, stopped.fail);
      });
      await Promise.all([communicator.send('a', numbered(1)), communicator.send('a', numbered(2))]);
      await stopped.opened;
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
    });

    test('is not called once shutdown has resolved', async () => {
      const { communicator } = await start(makeHarness, 'a', 'b');
      let calls = 0;
      communicator.setReceiveHandler(async () => {
        calls++;
        await someTurns(1);
      });
      const sends = Array.from({ length: 10 }, (_, index) => [
        communicator.send('a', numbered(index)),
        communicator.send('b', numbered(index)),
      ]);
      await Promise.all(sends.flat());
      await communicator.shutdown();
      const before = calls;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(calls).toBe(before);
    });
  });

  describe('receive handler fails', () => {
    const failures: [string, () => void | Promise<void>][] = [
      [
        'throws',
        () => {
          throw new Error('failed on purpose');
        },
      ],
      ['rejects', () => Promise.reject(new Error('failed on purpose'))],
      [
        'rejects later',
        async () => {
          await someTurns(2);
          throw new Error('failed on purpose');
        },
      ],
      ['returns a thenable that rejects', thenable],
    ];

    test.each(failures)('%s: emits handlerError, and delivers the next packet', async (_what, fail) => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const events: CommunicatorEvents['handlerError'][] = [];
      communicator.on('handlerError', (event) => events.push(event));
      communicator.setReceiveHandler((name, packet) => (packet[0] === 1 ? fail() : inbox.handler(name, packet)));
      await Promise.all([communicator.send('a', numbered(1)), communicator.send('a', numbered(2))]);
      expect(await inbox.next()).toEqual({ name: 'a', packet: numbered(2) });
      expect(events).toEqual([{ name: 'a', error: new Error('failed on purpose'), packet: numbered(1) }]);
    });

    test.each(failures)('%s: delivers the next packet without a listener, too', async (_what, fail) => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      communicator.setReceiveHandler((name, packet) => (packet[0] === 1 ? fail() : inbox.handler(name, packet)));
      await Promise.all([communicator.send('a', numbered(1)), communicator.send('a', numbered(2))]);
      expect(await inbox.next()).toEqual({ name: 'a', packet: numbered(2) });
    });

    test('once and off work as in EventEmitter', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const heard: string[] = [];
      const removed = () => heard.push('removed');
      expect(communicator.on('handlerError', removed)).toBe(communicator);
      expect(communicator.once('handlerError', () => heard.push('once'))).toBe(communicator);
      communicator.once('handlerError', removed);
      expect(communicator.off('handlerError', removed)).toBe(communicator);
      communicator.off('handlerError', removed);
      communicator.on('handlerError', () => heard.push('on'));
      communicator.setReceiveHandler((name, packet) => {
        if (packet[0] !== 0) {
          throw new Error('failed on purpose');
        }
        return inbox.handler(name, packet);
      });
      for (const index of [1, 2, 0]) {
        await communicator.send('a', numbered(index));
      }
      await inbox.next();
      expect(heard).toEqual(['once', 'on', 'on']);
    });
  });
}
