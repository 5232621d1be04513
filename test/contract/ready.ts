import { describe, expect, test } from 'vitest';
import { countListeners, type MakeHarness, start } from './harness.js';

const PACKET = Uint8Array.of(1, 0, 2);

export function describeReady(makeHarness: MakeHarness): void {
  describe('ready', () => {
    test('resolves with undefined, and again at the next call', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      for (const name of ['a', 'b', 'a']) {
        await expect(communicator.ready(name)).resolves.toBeUndefined();
        await communicator.send(name, PACKET);
        expect(await inbox.next()).toEqual({ name, packet: PACKET });
      }
    });

    test('settles for every call when shutdown comes first', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const calls = Array.from({ length: 3 }, () => communicator.ready('a'));
      await communicator.shutdown();
      const results = await Promise.allSettled(calls);
      expect(new Set(results.map(({ status }) => status)).size).toBe(1);
    });

    test('rejects with the reason of an aborted signal', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const reason = new Error('no longer wanted');
      const signal = AbortSignal.abort(reason);
      await expect(communicator.ready('a', { signal })).rejects.toBe(reason);
      await expect(communicator.ready('b', { signal })).rejects.toMatchObject({ code: 'KEY_ERROR' });
    });

    test('many calls can share one signal, and leave no listener behind', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const { signal } = new AbortController();
      const listeners = countListeners(signal);
      await Promise.all(Array.from({ length: 20 }, () => communicator.ready('a', { signal })));
      expect(listeners.now).toBe(0);
      // Node warns of a leak when there are more than ten.
      expect(listeners.most).toBeLessThanOrEqual(10);
    });

    test.each([
      ['an AbortController', { signal: new AbortController() }],
      ['an AbortSignal instead of options', new AbortController().signal],
    ])('rejects %s with INVALID_OPTION', async (_what, options) => {
      const { communicator } = await start(makeHarness, 'a');
      await expect(communicator.ready('a', options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    });
  });
}
