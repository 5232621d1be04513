import { describe, expect, test } from 'vitest';
import type { Communicator, RequestOptions } from '../../src/index.js';
import { expectRequestsCounted } from '../support/stats.js';
import {
  countListeners,
  type MakeHarness,
  outcome,
  settledAtOnce,
  setUp,
  someTurns,
  start,
  startWith,
} from './harness.js';

/** A packet of a kind: its first byte. */
const packet = (kind: number, ...rest: number[]) => Uint8Array.of(kind, 0, ...rest);
const ofKind = (kind: number) => (reply: Uint8Array) => reply[0] === kind;
const never = () => false;
const anything = () => true;

/** Makes a request that waits until it is aborted. */
function waitingRequest(communicator: Communicator<unknown>, options: Partial<RequestOptions> = {}) {
  const controller = new AbortController();
  const { signal } = controller;
  const ended = outcome(
    communicator.request('a', packet(99), { matches: never, timeoutMs: 60_000, signal, ...options }),
  );
  return { ended, signal, controller };
}

export function describeRequesting(makeHarness: MakeHarness): void {
  describeReplies(makeHarness);
  describeFailures(makeHarness);
  describeAborts(makeHarness);
}

function describeReplies(makeHarness: MakeHarness): void {
  describe('request', () => {
    test('resolves with the reply; every other packet goes to the receive handler, in order', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a', 'b');
      const [, reply] = await Promise.all([
        communicator.send('a', packet(1)),
        communicator.request('a', packet(2), { matches: ofKind(2) }),
        communicator.send('a', packet(3)),
        communicator.send('b', packet(2)),
      ]);
      expect(reply).toEqual(packet(2));
      await inbox.count(3);
      expect(inbox.packets('a')).toEqual([packet(1), packet(3)]);
      expect(inbox.packets('b')).toEqual([packet(2)]);
      expect(communicator.stats('a')).toMatchObject({ repliesReceived: 1, packetsDelivered: 2, requestsReplied: 1 });
      expectRequestsCounted(communicator.stats('a'));
    });

    test('options that are undefined count as not given', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const [signal, timeoutMs, concurrent] = [undefined, undefined, undefined];
      const matches = ofKind(2);
      expect(await communicator.request('a', packet(2), { matches, signal, timeoutMs, concurrent })).toEqual(packet(2));
      await communicator.send('a', packet(3), { signal });
      await communicator.ready('a', { signal });
      await communicator.packets('a', { signal }).return?.();
    });

    test('sends the next request when the one before has settled, in the order of the calls', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const order: string[] = [];
      const log = (what: string) => () => order.push(what);
      const requests = [
        communicator.request('a', packet(1), { matches: never, timeoutMs: 30 }).catch(log('timeout of 1')),
        communicator.request('a', packet(2), { matches: ofKind(2) }).then(log('reply to 2')),
        communicator.request('a', packet(3), { matches: never, timeoutMs: 10 }).catch(log('timeout of 3')),
        communicator.request('a', packet(4), { matches: ofKind(4) }).then(log('reply to 4')),
      ];
      await Promise.all(requests);
      expect(order).toEqual(['timeout of 1', 'reply to 2', 'timeout of 3', 'reply to 4']);
      expect(inbox.packets('a')).toEqual([packet(1), packet(3)]);
    });

    test('counts the time limit from when the request was written, not from the call', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const order: string[] = [];
      const first = communicator.request('a', packet(1), { matches: never, timeoutMs: 60 });
      const second = communicator.request('a', packet(2), { matches: never, timeoutMs: 20 });
      await Promise.all([
        outcome(first).then(() => order.push('first')),
        outcome(second).then(() => order.push('second')),
      ]);
      expect(order).toEqual(['first', 'second']);
    });

    test('with concurrent: true, does not wait for other requests', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const { ended, controller } = waitingRequest(communicator);
      const queued = communicator.request('a', packet(3), { matches: ofKind(3) });
      const options = { matches: ofKind(2), concurrent: true };
      expect(await communicator.request('a', packet(2), options)).toEqual(packet(2));
      expect(communicator.stats('a').requestsWaiting).toBe(2);
      controller.abort('enough');
      expect(await ended).toEqual({ error: 'enough' });
      expect(await queued).toEqual(packet(3));
    });

    test('gives a packet to the oldest request that it matches, and to that one only', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const request = (kind: number, matches: RequestOptions['matches']) =>
        communicator.request('a', packet(kind), { matches: matches!, concurrent: true });
      const replies = Promise.all([request(1, ofKind(3)), request(2, anything), request(3, anything)]);
      await communicator.send('a', packet(4));
      // The echo of 1 matches the second request, that of 2 the third, and that of 3 is left to the first.
      expect(await replies).toEqual([packet(3), packet(1), packet(2)]);
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(4) });
      expect(inbox.arrivals).toHaveLength(1);
    });

    test('on one connection, does not wait for another', async () => {
      const { communicator } = await start(makeHarness, 'a', 'b');
      const { ended, controller } = waitingRequest(communicator);
      expect(await communicator.request('b', packet(2), { matches: ofKind(2) })).toEqual(packet(2));
      controller.abort('enough');
      await ended;
    });

    test('works without a receive handler, and many requests in a row get their replies', async () => {
      const { communicator } = await start(makeHarness, 'a');
      for (let index = 0; index < 20; index++) {
        const request = packet(7, index);
        expect(await communicator.request('a', request, { matches: ofKind(7) })).toEqual(request);
      }
      expect(communicator.stats('a')).toMatchObject({ requestsMade: 20, requestsReplied: 20, requestsWaiting: 0 });
    });

    test('allows the packet to change once it has resolved', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const request = packet(7);
      const reply = await communicator.request('a', request, { matches: ofKind(7) });
      request.fill(0xff);
      expect(reply).toEqual(packet(7));
    });
  });
}

function describeFailures(makeHarness: MakeHarness): void {
  describe('request fails', () => {
    test('with REPLY_TIMEOUT when no packet matches in time, and the packets go to the receive handler', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      await expect(communicator.request('a', packet(1), { matches: never, timeoutMs: 25 })).rejects.toMatchObject({
        name: 'ConnectionError',
        code: 'REPLY_TIMEOUT',
        connection: 'a',
        message: expect.stringMatching(/^request to "a": .*\b25 ms\b/),
      });
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(1) });
      expect(communicator.stats('a')).toMatchObject({ requestsTimedOut: 1, repliesReceived: 0 });
      expectRequestsCounted(communicator.stats('a'));
    });

    test('a matches that throws rejects its own request and nothing else', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const thrown = new Error('failed on purpose');
      const fail = () => {
        throw thrown;
      };
      const failing = outcome(communicator.request('a', packet(1), { matches: fail, concurrent: true }));
      const other = communicator.request('a', packet(2), { matches: ofKind(2), concurrent: true });
      const next = communicator.request('a', packet(3), { matches: ofKind(3) });
      expect(await failing).toEqual({ error: thrown });
      expect(await Promise.all([other, next])).toEqual([packet(2), packet(3)]);
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(1) });
      expect(communicator.stats('a')).toMatchObject({ requestsFailed: 1, requestsReplied: 2 });
    });

    test('with the errors of send', async () => {
      const { communicator } = await startWith(makeHarness, { maxPacketBytes: 4 }, 'a');
      await expect(communicator.request('a', new Uint8Array(5), { matches: anything })).rejects.toMatchObject({
        code: 'PACKET_TOO_LARGE',
      });
      expect(await communicator.request('a', packet(1), { matches: anything })).toEqual(packet(1));
      expectRequestsCounted(communicator.stats('a'));
    });

    test.each([
      ['no matches', {}, /matches is missing/],
      ['no options', undefined, /matches is missing/],
      ['an unknown option', { matches: never, timeout: 5 }, /unknown option "timeout"/],
      ['matches', { matches: 'yes' }, /matches is "yes"; expected a function/],
      ['timeoutMs', { matches: never, timeoutMs: 0 }, /timeoutMs is 0; expected an integer from 1/],
      ['concurrent', { matches: never, concurrent: 1 }, /concurrent is 1; expected true or false/],
      ['signal', { matches: never, signal: new AbortController() }, /got an AbortController; expected/],
      ['an AbortSignal instead of options', new AbortController().signal, /expected/],
    ])('with INVALID_OPTION: %s', async (_what, options, message) => {
      const { communicator } = await start(makeHarness, 'a');
      const error = { code: 'INVALID_OPTION', message: expect.stringMatching(message) };
      await expect(communicator.request('a', packet(1), options as never)).rejects.toMatchObject(error);
      expect(communicator.stats('a').requestsMade).toBe(0);
    });

    test('with the errors of the call: state, name and packet, in this order', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const text = 'text' as unknown as Uint8Array;
      const code = async (name: string) => {
        const result = await outcome(communicator.request(name, text, { matches: never }));
        return (result as { error: { code: string } }).error.code;
      };
      expect(await code('nobody')).toBe('ILLEGAL_STATE');
      await communicator.initialize();
      expect([await code('nobody'), await code('a')]).toEqual(['KEY_ERROR', 'INVALID_PACKET']);
      expect(communicator.stats('a').requestsMade).toBe(0);
      await communicator.shutdown();
      expect(await code('a')).toBe('ILLEGAL_STATE');
    });

    test('with SHUTDOWN_TIMEOUT, at once, when shutdown is called', async () => {
      const { communicator } = await start(makeHarness, 'a');
      await communicator.ready('a');
      // The first is written, the second queued, the third waits for its turn.
      const written = waitingRequest(communicator);
      await communicator.send('a', packet(1));
      const requests = [written, waitingRequest(communicator, { concurrent: true }), waitingRequest(communicator)];
      const stopping = communicator.shutdown();
      for (const { ended } of requests) {
        expect(await settledAtOnce(ended)).toMatchObject({
          value: { error: { name: 'ConnectionError', code: 'SHUTDOWN_TIMEOUT', connection: 'a' } },
        });
      }
      await stopping;
      expect(communicator.stats('a')).toMatchObject({ requestsMade: 3, requestsFailed: 3 });
    });
  });
}

function describeAborts(makeHarness: MakeHarness): void {
  describe('request with a signal', () => {
    test('aborted before: rejects with the reason, and sends nothing', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const signal = AbortSignal.abort('not wanted');
      await expect(communicator.request('a', packet(1), { matches: anything, signal })).rejects.toBe('not wanted');
      await communicator.send('a', packet(2));
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(2) });
      expect(communicator.stats('a').requestsMade).toBe(0);
    });

    test('aborted in the same turn: rejects with the reason at once, and sends nothing', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const { ended, controller } = waitingRequest(communicator);
      controller.abort('not wanted');
      expect(await settledAtOnce(ended)).toEqual({ value: { error: 'not wanted' } });
      await communicator.send('a', packet(2));
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(2) });
    });

    test('aborted while it waits for its turn: rejects at once, and the next one is sent', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const first = waitingRequest(communicator);
      const aborted = waitingRequest(communicator);
      const next = communicator.request('a', packet(3), { matches: ofKind(3) });
      await inbox.count(1);
      aborted.controller.abort('not wanted');
      expect(await settledAtOnce(aborted.ended)).toEqual({ value: { error: 'not wanted' } });
      expect(communicator.stats('a').requestsWaiting).toBe(2);
      first.controller.abort('nor this');
      expect(await next).toEqual(packet(3));
      // The aborted one was never sent.
      expect(inbox.packets('a')).toEqual([packet(99)]);
    });

    test('aborted after it was written: rejects at once, and the next one is sent', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const aborted = waitingRequest(communicator);
      const next = communicator.request('a', packet(3), { matches: ofKind(3) });
      await inbox.count(1);
      aborted.controller.abort('not wanted');
      expect(await settledAtOnce(aborted.ended)).toEqual({ value: { error: 'not wanted' } });
      expect(await next).toEqual(packet(3));
      expectRequestsCounted(communicator.stats('a'));
    });

    test('aborted by matches or after the reply: nothing else changes', async () => {
      const { communicator, inbox } = await start(makeHarness, 'a');
      const controller = new AbortController();
      const { signal } = controller;
      const matches = () => {
        controller.abort('not wanted');
        return true;
      };
      await expect(communicator.request('a', packet(1), { matches, signal })).rejects.toBe('not wanted');
      expect(await inbox.next()).toEqual({ name: 'a', packet: packet(1) });
      const late = new AbortController();
      await communicator.request('a', packet(2), { matches: anything, signal: late.signal });
      late.abort();
      expect(await communicator.request('a', packet(3), { matches: anything })).toEqual(packet(3));
    });

    test('many requests of several connections can share one signal, and leave no listener behind', async () => {
      const { communicator } = await start(makeHarness, 'a', 'b');
      const { signal } = new AbortController();
      const listeners = countListeners(signal);
      const requests = Array.from({ length: 20 }, (_, index) =>
        communicator.request('a', packet(index), { matches: ofKind(index), signal, concurrent: index % 2 === 0 }),
      );
      const timedOut = outcome(communicator.request('b', packet(50), { matches: never, signal, timeoutMs: 10 }));
      const sent = communicator.send('b', packet(51), { signal });
      const ready = communicator.ready('b', { signal });
      await communicator.packets('a', { signal }).return();
      await Promise.all([...requests, sent, ready]);
      await timedOut;
      expect(listeners.now).toBe(0);
      // Node warns of a leak when there are more than ten, and there can be more than ten connections.
      expect(listeners.most).toBe(1);
    });

    test('of a device that accepts nothing: rejects at once, before and after its bytes are written', async () => {
      const { harness, communicator } = await start(makeHarness, 'a');
      await communicator.ready('a');
      harness.stall?.(true);
      const requests = [1, 2, 3].map(() => waitingRequest(communicator, { concurrent: true }));
      await someTurns();
      for (const [index, { ended, controller }] of requests.entries()) {
        controller.abort(`not wanted: ${index}`);
        expect(await settledAtOnce(ended)).toEqual({ value: { error: `not wanted: ${index}` } });
      }
      harness.stall?.(false);
      const options = { matches: ofKind(7), timeoutMs: 10_000 };
      expect(await communicator.request('a', packet(7), options)).toEqual(packet(7));
    });
  });
}
