import { describe, expect, test } from 'vitest';
import type { CommunicatorEvents } from '../../src/index.js';
import { expectRequestsCounted } from '../support/stats.js';
import { fresh, type MakeHarness, outcome, settledAtOnce, setUp, startWith } from './harness.js';

const IDS = { requestIds: { bytes: 1 } };
const never = () => false;
const bytes = (...values: number[]) => Uint8Array.from(values);

export function describeRequestIds(makeHarness: MakeHarness): void {
  describe.each([1, 2])('request with ids of %d bytes', (idBytes) => {
    const settings = { requestIds: { bytes: idBytes } };

    test('needs no matches: each reply goes to its own request, without its id', async () => {
      const { communicator, inbox } = await startWith(makeHarness, settings, 'a', 'b');
      const packets = [bytes(), bytes(0), bytes(1, 2, 3), bytes(1, 2, 3), new Uint8Array(30).fill(0xff)];
      for (const name of ['a', 'b']) {
        expect(await Promise.all(packets.map((packet) => communicator.request(name, packet)))).toEqual(packets);
      }
      expect(inbox.arrivals).toEqual([]);
      expect(communicator.stats('a')).toMatchObject({ requestsReplied: 5, repliesReceived: 5, lateReplies: 0 });
      expectRequestsCounted(communicator.stats('a'));
    });

    test('other packets go to the receive handler, without their id', async () => {
      const { communicator, inbox } = await startWith(makeHarness, settings, 'a');
      const packets = [bytes(), bytes(1), bytes(0, 2)];
      const replies = packets.map((packet) => [communicator.send('a', packet), communicator.request('a', packet)]);
      expect(await Promise.all(replies.flat())).toEqual(packets.flatMap((packet) => [undefined, packet]));
      await inbox.count(3);
      expect(inbox.packets('a')).toEqual(packets);
    });

    test('maxPacketBytes does not include the id', async () => {
      const { communicator } = await startWith(makeHarness, { ...settings, maxPacketBytes: 8 }, 'a');
      const packet = bytes(1, 2, 3, 4, 5, 6, 7, 8);
      expect(await communicator.request('a', packet)).toEqual(packet);
      for (const call of [communicator.request('a', new Uint8Array(9)), communicator.send('a', new Uint8Array(9))]) {
        await expect(call).rejects.toMatchObject({ code: 'PACKET_TOO_LARGE' });
      }
      expectRequestsCounted(communicator.stats('a'));
    });

    test('a reply that matches refuses is late: counted, an event, and for no other request', async () => {
      const { communicator, inbox } = await startWith(makeHarness, settings, 'a');
      const late: CommunicatorEvents['lateReply'][] = [];
      const reported = new Promise<void>((resolve) => {
        communicator.on('lateReply', (event) => {
          late.push(event);
          resolve();
        });
      });
      const refused = outcome(communicator.request('a', bytes(1), { matches: never, timeoutMs: 30 }));
      const other = communicator.request('a', bytes(2), { matches: ([kind]) => kind === 2 });
      expect(await refused).toMatchObject({ error: { code: 'REPLY_TIMEOUT' } });
      expect(await other).toEqual(bytes(2));
      await reported;
      expect(late).toEqual([{ name: 'a', id: expect.any(Number), packet: bytes(1) }]);
      expect(late[0]!.id).toBeGreaterThanOrEqual(1);
      expect(late[0]!.id).toBeLessThanOrEqual(idBytes === 1 ? 127 : 32_767);
      expect(inbox.arrivals).toEqual([]);
      expect(communicator.stats('a')).toMatchObject({ requestsTimedOut: 1, requestsReplied: 1, lateReplies: 1 });
    });
  });

  describe('request with ids', () => {
    test('does not wait for other requests, unless they and it have concurrent: false', async () => {
      const { communicator } = await startWith(makeHarness, IDS, 'a');
      const inTurn = { matches: never, timeoutMs: 60_000, concurrent: false };
      const controllers = [new AbortController(), new AbortController()];
      const first = outcome(communicator.request('a', bytes(1), { ...inTurn, signal: controllers[0]!.signal }));
      const second = outcome(communicator.request('a', bytes(2), { ...inTurn, signal: controllers[1]!.signal }));
      const third = communicator.request('a', bytes(3), { concurrent: false });
      expect(await communicator.request('a', bytes(4))).toEqual(bytes(4));
      expect(communicator.stats('a')).toMatchObject({ requestsWaiting: 3, packetsDelivered: 0 });
      controllers[1]!.abort('not wanted');
      expect(await settledAtOnce(second)).toEqual({ value: { error: 'not wanted' } });
      controllers[0]!.abort('nor this');
      expect(await first).toEqual({ error: 'nor this' });
      expect(await third).toEqual(bytes(3));
    });

    test('when all ids are in use, requests wait for one, and each gets its own reply', async () => {
      const { communicator } = await startWith(makeHarness, IDS, 'a');
      const packets = Array.from({ length: 200 }, (_, index) => bytes(index));
      const replies = packets.map((packet) => communicator.request('a', packet, { timeoutMs: 10_000 }));
      expect(communicator.stats('a').requestsWaiting).toBe(200);
      expect(await Promise.all(replies)).toEqual(packets);
      expectRequestsCounted(communicator.stats('a'));
    });

    test('that waits for an id can be aborted, and shutdown rejects it', async () => {
      const { communicator } = await startWith(makeHarness, IDS, 'a');
      const options = { matches: never, timeoutMs: 60_000 };
      const using = Array.from({ length: 127 }, () => outcome(communicator.request('a', bytes(1), options)));
      const controller = new AbortController();
      const aborted = outcome(communicator.request('a', bytes(2), { signal: controller.signal }));
      const waiting = outcome(communicator.request('a', bytes(3)));
      controller.abort('not wanted');
      expect(await settledAtOnce(aborted)).toEqual({ value: { error: 'not wanted' } });
      const stopping = communicator.shutdown();
      for (const request of [waiting, ...using]) {
        expect(await request).toMatchObject({ error: { code: 'SHUTDOWN_TIMEOUT' } });
      }
      await stopping;
      expectRequestsCounted(communicator.stats('a'));
    });
  });

  describe('onRequest', () => {
    test('throws KeyError for an unknown name, and INVALID_OPTION without requestIds or a function', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const handler = (packet: Uint8Array) => packet;
      expect(() => communicator.onRequest('nobody', handler)).toThrow(expect.objectContaining({ code: 'KEY_ERROR' }));
      expect(() => communicator.onRequest('a', handler)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('requestIds') }),
      );
      const { communicator: other } = await startWith(makeHarness, IDS, 'a');
      for (const value of [undefined, 'text', {}]) {
        expect(() => other.onRequest('a', value as never)).toThrow(TypeError);
      }
    });
  });
}

/** For harnesses with a `requestingDevice`. */
export function describeOnRequest(makeHarness: MakeHarness): void {
  describe('onRequest', () => {
    /** A started communicator whose device "a" makes requests. */
    async function startRequesting() {
      const harness = await fresh(makeHarness);
      const device = harness.requestingDevice!();
      const { communicator } = harness;
      communicator.addConnection('a', device.connection);
      await communicator.initialize();
      await communicator.ready('a');
      return { communicator, device };
    }

    test('replies to requests of the device, in order and one at a time', async () => {
      const { communicator, device } = await startRequesting();
      const calls: string[] = [];
      communicator.onRequest('a', async ([value]) => {
        calls.push(`begin ${value}`);
        await communicator.request('a', bytes(99));
        calls.push(`end ${value}`);
        return bytes(value!, value!);
      });
      const replies = await Promise.all([1, 2, 3].map((value) => device.request(bytes(value))));
      expect(replies).toEqual([bytes(1, 1), bytes(2, 2), bytes(3, 3)]);
      expect(calls).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
      expect(communicator.stats('a')).toMatchObject({ requestsReceived: 3, requestsUnhandled: 0, requestsReplied: 3 });
    });

    test('requests overlap in both directions', async () => {
      const { communicator, device } = await startRequesting();
      communicator.onRequest('a', ([value]) => bytes(value! + 100));
      const values = Array.from({ length: 30 }, (_, index) => index);
      const [replies, echoes] = await Promise.all([
        Promise.all(values.map((value) => device.request(bytes(value)))),
        Promise.all(values.map((value) => communicator.request('a', bytes(value)))),
      ]);
      expect(replies).toEqual(values.map((value) => bytes(value + 100)));
      expect(echoes).toEqual(values.map((value) => bytes(value)));
    });

    test('without a handler, the device gets error 2', async () => {
      const { communicator, device } = await startRequesting();
      await expect(device.request(bytes(1))).rejects.toMatchObject({ replyCode: 2 });
      expect(communicator.stats('a')).toMatchObject({ requestsReceived: 1, requestsUnhandled: 1 });
    });

    test.each([
      [
        'throws',
        () => {
          throw new Error('failed on purpose');
        },
      ],
      ['rejects', () => Promise.reject(new Error('failed on purpose'))],
      ['returns no packet', () => 'text' as never],
      ['returns a packet that is too large', () => new Uint8Array(100_000)],
    ])('that %s: the device gets error 1, and handlerError is emitted', async (_what, handler) => {
      const { communicator, device } = await startRequesting();
      const events: CommunicatorEvents['handlerError'][] = [];
      communicator.on('handlerError', (event) => events.push(event));
      communicator.onRequest('a', handler);
      await expect(device.request(bytes(7))).rejects.toMatchObject({ replyCode: 1 });
      expect(events).toEqual([{ name: 'a', error: expect.any(Error), packet: bytes(7) }]);
      communicator.onRequest('a', (packet) => packet);
      expect(await device.request(bytes(8))).toEqual(bytes(8));
    });
  });
}
