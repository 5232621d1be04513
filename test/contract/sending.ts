import { describe, expect, test } from 'vitest';
import { CommunicatorState } from '../../src/index.js';
import { countListeners, type MakeHarness, someTurns, start } from './harness.js';

const numbered = (index: number) => Uint8Array.of(index, 0, index);

export function describeSending(makeHarness: MakeHarness): void {
  describe('send', () => {
    test('resolves with undefined, and the echo arrives', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      for (const packet of [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(1), new Uint8Array(200).fill(7)]) {
        for (const name of ['a', 'b']) {
          await expect(communicator.send(name, packet)).resolves.toBeUndefined();
          expect(await inbox.next()).toEqual({ name, packet });
        }
      }
    });

    test.each([
      ['a string', 'text'],
      ['an array', [1, 2]],
      ['an ArrayBuffer', new ArrayBuffer(2)],
      ['a DataView', new DataView(new ArrayBuffer(2))],
      ['a Uint16Array', new Uint16Array(2)],
      ['a Uint8ClampedArray', new Uint8ClampedArray(2)],
      ['null', null],
      ['undefined', undefined],
    ])('rejects %s as a packet', async (_what, value) => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      await expect(communicator.send('a', value as unknown as Uint8Array)).rejects.toMatchObject({
        name: 'InvalidArgumentError',
        code: 'INVALID_PACKET',
      });
      await communicator.send('a', numbered(1));
      expect(await inbox.next()).toEqual({ name: 'a', packet: numbered(1) });
    });

    test('accepts a Buffer, and sends only the bytes of a view', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      await communicator.send('a', Buffer.from('text'));
      await communicator.send('a', Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
      await inbox.count(2);
      expect(inbox.packets('a').map((packet) => [...packet])).toEqual([[...Buffer.from('text')], [1, 2]]);
    });

    test('allows the packet to change once send has resolved', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const packet = Uint8Array.of(1, 2, 3);
      await communicator.send('a', packet);
      packet.fill(0xff);
      expect(await inbox.next()).toEqual({ name: 'a', packet: Uint8Array.of(1, 2, 3) });
    });

    test('keeps the order of concurrent sends, on each connection', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const packets = Array.from({ length: 15 }, (_, index) => new Uint8Array(index).fill(index));
      await Promise.all(packets.flatMap((packet) => [communicator.send('a', packet), communicator.send('b', packet)]));
      await inbox.count(2 * packets.length);
      expect(inbox.packets('a')).toEqual(packets);
      expect(inbox.packets('b')).toEqual(packets);
    });

    test('resolves in the order of the calls', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const order: number[] = [];
      const sends = Array.from({ length: 10 }, (_, index) =>
        communicator.send('a', numbered(index)).then(() => order.push(index)),
      );
      await Promise.all(sends);
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    test('never changes a received packet', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const copies: Uint8Array[] = [];
      communicator.setReceiveHandler((name, packet) => {
        copies.push(new Uint8Array(packet));
        return inbox.handler(name, packet);
      });
      for (let index = 0; index < 30; index++) {
        await communicator.send('a', new Uint8Array(20).fill(index));
        await inbox.next();
      }
      expect(inbox.packets('a')).toEqual(copies);
      expect(copies.map((copy) => copy[0])).toEqual(Array.from({ length: 30 }, (_, index) => index));
    });

    test('lets the handler change its packet', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const sums: number[] = [];
      communicator.setReceiveHandler((name, packet) => {
        sums.push(packet.reduce((sum, byte) => sum + byte, 0));
        packet.fill(0xff);
        return inbox.handler(name, packet);
      });
      await Promise.all([1, 2, 3].map((index) => communicator.send('a', new Uint8Array(10).fill(index))));
      await inbox.count(3);
      expect(sums).toEqual([10, 20, 30]);
    });
  });

  describe('send with a signal', () => {
    test('aborted before: rejects with the reason, and sends nothing', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const reason = new Error('no longer wanted');
      await expect(communicator.send('a', numbered(1), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await communicator.send('a', numbered(2));
      expect(await inbox.next()).toEqual({ name: 'a', packet: numbered(2) });
    });

    test('aborted before: an unknown name or a wrong packet takes precedence', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const signal = AbortSignal.abort();
      await expect(communicator.send('b', numbered(1), { signal })).rejects.toMatchObject({ code: 'KEY_ERROR' });
      await expect(communicator.send('a', 'text' as unknown as Uint8Array, { signal })).rejects.toMatchObject({
        code: 'INVALID_PACKET',
      });
    });

    test('aborted in the same turn: rejects with the reason, and sends all other packets', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const controller = new AbortController();
      const before = communicator.send('a', numbered(1));
      const aborted = communicator.send('a', numbered(2), { signal: controller.signal });
      const after = communicator.send('a', numbered(3), { signal: new AbortController().signal });
      controller.abort('changed my mind');
      await expect(aborted).rejects.toBe('changed my mind');
      await Promise.all([before, after]);
      await inbox.count(2);
      await someTurns();
      expect(inbox.packets('a')).toEqual([numbered(1), numbered(3)]);
    });

    test('aborted afterwards: nothing changes', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const controller = new AbortController();
      await communicator.send('a', numbered(1), { signal: controller.signal });
      controller.abort();
      expect(await inbox.next()).toEqual({ name: 'a', packet: numbered(1) });
    });

    test('many sends can share one signal, and leave no listener behind', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const { signal } = new AbortController();
      const listeners = countListeners(signal);
      await Promise.all(Array.from({ length: 20 }, (_, index) => communicator.send('a', numbered(index), { signal })));
      expect(listeners.now).toBe(0);
      // Node warns of a leak when there are more than ten.
      expect(listeners.most).toBeLessThanOrEqual(10);
      await inbox.count(20);
    });
  });

  describe('shutdown', () => {
    test('finishes the accepted sends', async () => {
      const { communicator } = await start(makeHarness, 'a', 'b');
      const settled: string[] = [];
      const sends = ['a', 'b', 'a', 'b'].map((name, index) =>
        communicator.send(name, numbered(index)).then(() => settled.push(`send ${index}`)),
      );
      const stopping = communicator.shutdown().then(() => settled.push('shutdown'));
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
      await Promise.all([...sends, stopping]);
      expect(settled.sort()).toEqual(['send 0', 'send 1', 'send 2', 'send 3', 'shutdown']);
    });

    test('resolves after every send has settled', async () => {
      const { communicator } = await start(makeHarness, 'a');
      let open = 10;
      const sends = Array.from({ length: open }, (_, index) =>
        communicator.send('a', numbered(index)).finally(() => {
          open--;
        }),
      );
      await communicator.shutdown();
      await Promise.resolve();
      expect(open).toBe(0);
      await Promise.all(sends);
    });
  });
}
