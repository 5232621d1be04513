import { describe, expect, test, vi } from 'vitest';
import { gate, type MakeHarness, outcome, setUp, someTurns, start } from './harness.js';

const PACKET = Uint8Array.of(1, 0, 2);

const RELEASED = { name: 'ConnectionError', code: 'CONNECTION_RELEASED', connection: 'a' };

export function describeReleasing(makeHarness: MakeHarness): void {
  describe('release and reopen', () => {
    test('are illegal unless STARTED', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const a = communicator.connection('a');
      const expectIllegal = async () => {
        for (const call of [a.release(), a.reopen()]) {
          await expect(call).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
        }
      };
      await expectIllegal();
      await communicator.initialize();
      await communicator.shutdown();
      await expectIllegal();
    });

    test('while released, send and request reject, and other connections work', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const a = communicator.connection('a');
      await expect(a.release()).resolves.toBeUndefined();
      await expect(communicator.send('a', PACKET)).rejects.toMatchObject(RELEASED);
      await expect(a.request(PACKET, { matches: () => true })).rejects.toMatchObject(RELEASED);
      await communicator.send('b', PACKET);
      expect(await inbox.next()).toEqual({ name: 'b', packet: PACKET });
      await expect(a.reopen()).resolves.toBeUndefined();
      await communicator.send('a', PACKET);
      expect(await inbox.next()).toEqual({ name: 'a', packet: PACKET });
      expect(a.stats).toMatchObject({ requestsMade: 0, packetsDelivered: 1 });
    });

    test('packets accepted before are sent', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      const sends = Array.from({ length: 5 }, () => communicator.send('a', PACKET));
      await a.release();
      await Promise.all(sends);
    });

    test('a request that waits rejects at once', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      const waiting = Array.from({ length: 2 }, () => outcome(a.request(PACKET, { matches: () => false })));
      await someTurns();
      const released = a.release();
      for (const result of await Promise.all(waiting)) {
        expect(result).toMatchObject({ error: RELEASED });
      }
      await released;
      expect(a.stats).toMatchObject({ requestsMade: 2, requestsFailed: 2, requestsWaiting: 0 });
    });

    test('ready waits until the connection is reopened', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      await a.release();
      const ready = vi.fn();
      const waiting = a.ready().then(ready);
      const aborted = a.ready({ signal: AbortSignal.timeout(1) });
      await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
      await someTurns();
      expect(ready).not.toHaveBeenCalled();
      await a.reopen();
      await waiting;
      await communicator.send('a', PACKET);
    });

    test('an open iterator continues', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      const packets = a.packets();
      await a.release();
      await a.reopen();
      await communicator.send('a', PACKET);
      expect(await packets.next()).toEqual({ done: false, value: PACKET });
    });

    test('a handler may await both', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      const handled = gate();
      a.onPacket(async (packet) => {
        a.onPacket((next) => inbox.handler('a', next));
        await a.release();
        await a.reopen();
        inbox.handler('a', packet);
        handled.open();
      });
      await communicator.send('a', PACKET);
      await handled.opened;
      await communicator.send('a', Uint8Array.of(3));
      await inbox.count(2);
      expect(inbox.packets('a')).toEqual([PACKET, Uint8Array.of(3)]);
    });

    test('called again, do nothing; the last call decides', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      await a.reopen();
      await Promise.all([a.release(), a.release()]);
      await a.release();
      await expect(communicator.send('a', PACKET)).rejects.toMatchObject(RELEASED);
      await Promise.all([a.reopen(), a.release(), a.reopen(), a.release(), a.reopen()].map(outcome));
      await a.reopen();
      await communicator.send('a', PACKET);
      expect(await inbox.next()).toEqual({ name: 'a', packet: PACKET });
      await Promise.all([a.release(), a.reopen(), a.release()].map(outcome));
      await expect(communicator.send('a', PACKET)).rejects.toMatchObject(RELEASED);
    });

    test('reopen rejects with the reason of its signal, and invalid options', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      await a.release();
      await expect(a.reopen({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
      await expect(communicator.send('a', PACKET)).rejects.toMatchObject(RELEASED);
      await expect(a.reopen({ signal: {} as AbortSignal })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    });

    test.each(['release', 'reopen'] as const)('shutdown during %s: everything settles', async (call) => {
      const { communicator } = await start(makeHarness, 'a', 'b');
      const a = communicator.connection('a');
      const first = a.release();
      if (call === 'reopen') {
        await first;
      }
      const calls = [first, call === 'reopen' ? a.reopen() : a.release(), a.ready()].map(outcome);
      await communicator.shutdown();
      await Promise.all(calls);
    });

    test('shutdown of a released connection resolves, and calls of ready settle', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const a = communicator.connection('a');
      await a.release();
      const ready = outcome(a.ready());
      await communicator.shutdown();
      expect(await ready).toMatchObject({ error: { code: 'SHUTDOWN_TIMEOUT' } });
    });
  });
}
