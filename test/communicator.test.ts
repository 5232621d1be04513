import { describe, expect, test } from 'vitest';
import { ConnectionError, InitializeError } from '../src/index.js';
import { gate } from './contract/harness.js';
import { PACKET, STARTED, STOPPED, started, TestCommunicator, UNINITIALIZED } from './support/test-communicator.js';

describe('addConnection', () => {
  test('keeps what checkConnection returns', () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('a', { label: 'A' });
    expect(communicator.find('a')).toEqual({ checked: 'A' });
  });

  test('adds nothing when checkConnection throws', () => {
    const communicator = new TestCommunicator();
    expect(() => communicator.addConnection('a', { label: 'invalid' })).toThrow('a is invalid');
    communicator.addConnection('a', { label: 'A' });
    expect(() => communicator.find('b')).toThrow('find: no connection named "b"; known connections: "a"');
  });

  test('throws KEY_ERROR for a duplicate name without checking the connection', () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('a', { label: 'A' });
    expect(() => communicator.addConnection('a', { label: 'invalid' })).toThrow(
      expect.objectContaining({
        code: 'KEY_ERROR',
        message: 'addConnection: a connection named "a" already exists; choose another name',
      }),
    );
  });
});

describe('initialize', () => {
  test('opens the connections in the order they were added, then starts to receive', async () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('b', { label: 'B' });
    communicator.addConnection('a', { label: 'A' });
    await communicator.initialize();
    expect(communicator.calls).toEqual([
      [
        'open',
        [
          ['b', { checked: 'B' }],
          ['a', { checked: 'A' }],
        ],
        UNINITIALIZED,
      ],
      ['start', STARTED],
    ]);
  });

  test('rejects every other call while it is pending', async () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('a', { label: 'A' });
    const opening = gate();
    communicator.onOpen = () => opening.opened;
    const initializing = communicator.initialize();
    for (let turn = 0; turn < 3; turn++) {
      expect(communicator.state).toBe(UNINITIALIZED);
      expect(() => communicator.addConnection('b', { label: 'B' })).toThrow(
        'addConnection: initialize is in progress; await it first',
      );
      await expect(communicator.initialize()).rejects.toThrow('initialize: initialize is in progress; await it first');
      await expect(communicator.send('a', PACKET)).rejects.toThrow('send: initialize is in progress');
      await expect(communicator.ready('a')).rejects.toThrow('ready: initialize is in progress');
      await expect(communicator.shutdown()).rejects.toThrow('shutdown: initialize is in progress');
      await communicator[Symbol.asyncDispose]();
    }
    opening.open();
    await initializing;
    expect(communicator.calls.map(([hook]) => hook)).toEqual(['open', 'start']);
    expect(communicator.state).toBe(STARTED);
  });

  test('rejects with the error of the hook, does not start, and may be called again', async () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('a', { label: 'A' });
    const failure = new InitializeError([new ConnectionError('PORT_BUSY', 'a', 'a is busy')]);
    communicator.onOpen = () => Promise.reject(failure);
    await expect(communicator.initialize()).rejects.toBe(failure);
    expect(communicator.state).toBe(UNINITIALIZED);
    expect(communicator.calls.map(([hook]) => hook)).toEqual(['open']);

    communicator.addConnection('b', { label: 'B' });
    communicator.onOpen = () => {
      throw failure;
    };
    await expect(communicator.initialize()).rejects.toBe(failure);
    communicator.onOpen = () => {};
    await communicator.initialize();
    expect(communicator.calls.map(([hook]) => hook)).toEqual(['open', 'open', 'open', 'start']);
  });
});

describe('send', () => {
  test('passes the packet and the signal to the hook unchanged, and settles as the hook does', async () => {
    const communicator = await started();
    const transmitting = gate();
    communicator.onTransmit = () => transmitting.opened;
    const options = { signal: new AbortController().signal };
    let settled = false;
    const sending = communicator.send('a', PACKET, options).finally(() => {
      settled = true;
    });
    expect(communicator.calls).toEqual([['transmit', 'a', PACKET, options]]);
    expect(communicator.calls[0]![2]).toBe(PACKET);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    const failure = new ConnectionError('CONNECTION_LOST', 'a', 'lost');
    transmitting.fail(failure);
    await expect(sending).rejects.toBe(failure);
  });

  test('does not call the hook for a send that is rejected', async () => {
    const communicator = await started();
    const signal = AbortSignal.abort();
    for (const rejected of [
      communicator.send('b', PACKET),
      communicator.send('a', 'text' as unknown as Uint8Array),
      communicator.send('a', PACKET, { signal }),
    ]) {
      await expect(rejected).rejects.toThrow();
    }
    await communicator.shutdown();
    await expect(communicator.send('a', PACKET)).rejects.toThrow();
    expect(communicator.calls).toEqual([['close', STOPPED]]);
  });

  test('names the connection and the wrong value in the message', async () => {
    const communicator = await started();
    await expect(communicator.send('a', null as unknown as Uint8Array)).rejects.toThrow(
      'send to "a": the packet is null; expected a Uint8Array',
    );
    await expect(communicator.send('b', PACKET)).rejects.toThrow(
      'send: no connection named "b"; known connections: "a"',
    );
    const empty = new TestCommunicator();
    await empty.initialize();
    await expect(empty.send('a', PACKET)).rejects.toThrow(
      'send: no connection named "a"; no connections have been added',
    );
  });
});

describe('ready', () => {
  test('resolves at once unless the hook is overridden', async () => {
    const communicator = await started();
    await expect(communicator.ready('a')).resolves.toBeUndefined();
  });

  test('passes the signal to the hook, and settles as the hook does', async () => {
    const waiting = gate();
    const calls: unknown[] = [];
    class Waiting extends TestCommunicator {
      protected override waitUntilReady(...call: unknown[]): Promise<void> {
        calls.push(call);
        return waiting.opened;
      }
    }
    const communicator = new Waiting();
    communicator.addConnection('a', { label: 'A' });
    await communicator.initialize();
    const { signal } = new AbortController();
    const ready = communicator.ready('a', { signal });
    expect(calls).toEqual([['a', signal]]);
    const failure = new ConnectionError('CONNECTION_LOST', 'a', 'lost');
    waiting.fail(failure);
    await expect(ready).rejects.toBe(failure);

    await expect(communicator.ready('a', { signal: AbortSignal.abort('no more') })).rejects.toBe('no more');
    await expect(communicator.ready('b')).rejects.toThrow('ready: no connection named "b"; known connections: "a"');
    expect(calls).toHaveLength(1);
  });
});

describe('request', () => {
  test('aborted together with those before it: is not passed to the hook', async () => {
    const communicator = await started();
    const controller = new AbortController();
    const options = { matches: () => true, signal: controller.signal };
    const requests = [1, 2, 3].map((value) => communicator.request('a', Uint8Array.of(value), options));
    const next = communicator.request('a', Uint8Array.of(4), { matches: () => true });
    controller.abort('not wanted');
    expect(await Promise.allSettled(requests)).toEqual(
      requests.map(() => ({ status: 'rejected', reason: 'not wanted' })),
    );
    void communicator.receive('a', PACKET);
    expect(await next).toEqual(PACKET);
    expect(communicator.calls.map(([, , packet]) => packet)).toEqual([Uint8Array.of(1), Uint8Array.of(4)]);
  });
});

describe('shutdown', () => {
  test('resolves when the hook has, and so does a dispose in the meantime', async () => {
    const communicator = await started();
    const closing = gate();
    communicator.onClose = () => closing.opened;
    const over: string[] = [];
    const stopping = communicator.shutdown().then(() => over.push('shutdown'));
    const disposing = communicator[Symbol.asyncDispose]().then(() => over.push('dispose'));
    await expect(communicator.shutdown()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toEqual([]);
    closing.open();
    await Promise.all([stopping, disposing]);
    expect(over).toEqual(['shutdown', 'dispose']);
    expect(communicator.calls).toEqual([['close', STOPPED]]);
    await communicator[Symbol.asyncDispose]();
    expect(communicator.calls).toHaveLength(1);
  });

  test('a dispose within the hook waits for it too', async () => {
    const communicator = await started();
    const closing = gate();
    const over: string[] = [];
    let disposing: Promise<unknown> | undefined;
    communicator.onClose = () => {
      disposing = communicator[Symbol.asyncDispose]().then(() => over.push('dispose'));
      return closing.opened.then(() => {
        over.push('closed');
      });
    };
    const stopping = communicator.shutdown();
    await new Promise((resolve) => setImmediate(resolve));
    closing.open();
    await Promise.all([stopping, disposing]);
    expect(over).toEqual(['closed', 'dispose']);
  });
});
