import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CommunicatorEvents } from '../../src/index.js';
import { Inbox } from '../support/inbox.js';
import { gate, type MakeHarness, setUp, setUpWith, someTurns, start } from './harness.js';

const packet = (kind: number) => Uint8Array.of(kind, 0);

/** The messages of the warnings that another handler caused from now on. */
function warningsOfReplacing(): string[] {
  const messages: string[] = [];
  const spy = vi.spyOn(process, 'emitWarning').mockImplementation(((message: string, options: { code: string }) => {
    if (options.code === 'HANDLER_REPLACED') {
      messages.push(message);
    }
  }) as never);
  onTestFinished(() => spy.mockRestore());
  return messages;
}

export function describeConnections(makeHarness: MakeHarness): void {
  describe('connection', () => {
    test('is the same object for a name, in every state', async () => {
      const { communicator } = await setUp(makeHarness, 'a', 'b');
      const arm = communicator.connection('a');
      expect(arm.name).toBe('a');
      expect(communicator.connection('b')).not.toBe(arm);
      await communicator.initialize();
      expect(communicator.connection('a')).toBe(arm);
      await communicator.shutdown();
      expect(communicator.connection('a')).toBe(arm);
    });

    test('throws KeyError for an unknown name', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      for (const name of ['b', '', 'toString', '__proto__']) {
        expect(() => communicator.connection(name)).toThrow(
          expect.objectContaining({ name: 'KeyError', code: 'KEY_ERROR' }),
        );
      }
    });

    test('sends, requests and waits like the communicator', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const arm = communicator.connection('a');
      await expect(arm.ready()).resolves.toBeUndefined();
      await expect(arm.send(packet(1))).resolves.toBeUndefined();
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(1) });
      expect(await arm.request(packet(2), { matches: ([kind]) => kind === 2 })).toEqual(packet(2));
      const signal = AbortSignal.abort('not wanted');
      await expect(arm.send(packet(3), { signal })).rejects.toBe('not wanted');
      await expect(arm.ready({ signal })).rejects.toBe('not wanted');
      await expect(arm.request(packet(3), { matches: () => true, signal })).rejects.toBe('not wanted');
      await expect(arm.packets({ signal }).next()).rejects.toBe('not wanted');
      await expect(arm.send('text' as never)).rejects.toMatchObject({ code: 'INVALID_PACKET' });
    });

    test('has the rules of the communicator about its state', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const arm = communicator.connection('a');
      const calls = () => [arm.send(packet(1)), arm.ready(), arm.request(packet(1), { matches: () => true })];
      for (const call of calls()) {
        await expect(call).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      }
      await communicator.initialize();
      await communicator.shutdown();
      for (const call of calls()) {
        await expect(call).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      }
    });

    test('stats are a copy of its own counts', async () => {
      const { communicator } = await start(makeHarness, 'a', 'b');
      const arm = communicator.connection('a');
      const before = arm.stats;
      await arm.request(packet(1), { matches: () => true });
      expect(before.requestsMade).toBe(0);
      expect(arm.stats).toMatchObject({ requestsMade: 1, requestsReplied: 1, repliesReceived: 1 });
      expect(arm.stats).toEqual(communicator.stats('a'));
      arm.stats.requestsMade = 7;
      expect(arm.stats.requestsMade).toBe(1);
      expect(communicator.connection('b').stats.requestsMade).toBe(0);
      expect(() => communicator.stats('nobody')).toThrow(expect.objectContaining({ code: 'KEY_ERROR' }));
    });
  });

  describe('onPacket', () => {
    test('gets the packets of its connection; the receive handler gets those of the others', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const own = new Inbox();
      communicator.connection('a').onPacket((received) => own.handler('own', received));
      await Promise.all(['a', 'b', 'a', 'b'].map((name, index) => communicator.send(name, packet(index))));
      await Promise.all([own.count(2), inbox.count(2)]);
      await someTurns();
      expect(own.packets('own')).toEqual([packet(0), packet(2)]);
      expect(inbox.arrivals).toEqual([1, 3].map((kind) => ({ name: 'b', packet: packet(kind) })));
    });

    test('needs no receive handler, and can be set before initialize', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const own = new Inbox();
      communicator.connection('a').onPacket((received) => own.handler('own', received));
      await communicator.initialize();
      await communicator.send('a', packet(1));
      expect((await own.next()).packet).toEqual(packet(1));
    });

    test('gets the packets one at a time, and does not delay other connections', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const busy = gate();
      const entered = gate();
      const handled: number[] = [];
      communicator.connection('a').onPacket(async ([kind]) => {
        handled.push(kind!);
        entered.open();
        await busy.opened;
      });
      await Promise.all([1, 2].map((kind) => communicator.send('a', packet(kind))));
      await entered.opened;
      await communicator.send('b', packet(3));
      expect(await inbox.next()).toEqual({ name: 'b', packet: packet(3) });
      expect(handled).toEqual([1]);
      busy.open();
      await expect.poll(() => handled).toEqual([1, 2]);
    });

    test('that fails emits handlerError, and gets the next packet', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const events: CommunicatorEvents['handlerError'][] = [];
      communicator.on('handlerError', (event) => events.push(event));
      const own = new Inbox();
      communicator.connection('a').onPacket((received) => {
        if (received[0] === 1) {
          throw new Error('failed on purpose');
        }
        own.handler('own', received);
      });
      await Promise.all([1, 2].map((kind) => communicator.send('a', packet(kind))));
      expect((await own.next()).packet).toEqual(packet(2));
      expect(events).toEqual([{ name: 'a', error: new Error('failed on purpose'), packet: packet(1) }]);
    });

    test.each([undefined, null, {}, 'text'])('rejects %j as a handler', async (value) => {
      const { communicator } = await setUp(makeHarness, 'a');
      expect(() => communicator.connection('a').onPacket(value as never)).toThrow(TypeError);
    });

    test('set again, replaces the first from the next packet on', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const [first, second] = [new Inbox(), new Inbox()];
      communicator.connection('a').onPacket((received) => first.handler('a', received));
      await communicator.send('a', packet(1));
      await first.count(1);
      communicator.connection('a').onPacket((received) => second.handler('a', received));
      await communicator.send('a', packet(2));
      await second.count(1);
      expect([first.packets('a'), second.packets('a')]).toEqual([[packet(1)], [packet(2)]]);
    });

    test('set again, warns once for each connection and kind of handler', async () => {
      const { harness, communicator } = await setUpWith(makeHarness, { requestIds: { bytes: 1 } }, 'a', 'b');
      const { canAnswer = true } = harness;
      const warnings = warningsOfReplacing();
      const [arm, leg] = [communicator.connection('a'), communicator.connection('b')];
      const ignore = () => {};
      const echo = (received: Uint8Array) => received;
      for (const connection of [arm, leg, arm]) {
        connection.onPacket(ignore);
        if (canAnswer) {
          connection.onRequest(echo);
        }
      }
      // The same handler again replaces nothing.
      expect(warnings).toEqual([]);
      arm.onPacket(() => {});
      arm.onPacket(() => {});
      expect(warnings).toEqual([expect.stringMatching(/"a".*onPacket/)]);
      if (canAnswer) {
        communicator.onRequest('a', (received) => received);
      }
      leg.onPacket(() => {});
      expect(warnings.slice(1)).toEqual([
        ...(canAnswer ? [expect.stringMatching(/"a".*onRequest/)] : []),
        expect.stringMatching(/"b".*onPacket/),
      ]);
      communicator.setReceiveHandler(() => {});
      expect(warnings).toHaveLength(canAnswer ? 4 : 3);
    });
  });
}
