import { describe, expect, test } from 'vitest';
import type { ReceiveHandler } from '../src/index.js';
import { PACKET, started, TestCommunicator } from './support/test-communicator.js';
import { catchUncaught } from './support/uncaught.js';

describe('deliver', () => {
  test('does nothing without a handler', async () => {
    const communicator = await started();
    expect(communicator.receive('a', PACKET)).toBeUndefined();
  });

  test('returns a promise only if the handler did', async () => {
    const communicator = await started();
    communicator.setReceiveHandler(() => {});
    expect(communicator.receive('a', PACKET)).toBeUndefined();
    communicator.setReceiveHandler((() => 7) as unknown as ReceiveHandler);
    expect(communicator.receive('a', PACKET)).toBeUndefined();
    communicator.setReceiveHandler(async () => {});
    const handled = communicator.receive('a', PACKET);
    expect(handled).toBeInstanceOf(Promise);
    await expect(handled).resolves.toBeUndefined();
  });

  test('calls the handler with the name and the same packet object', async () => {
    const communicator = await started();
    const got: unknown[] = [];
    communicator.setReceiveHandler((...parameters) => {
      got.push(...parameters);
    });
    communicator.receive('a', PACKET);
    expect(got).toEqual(['a', PACKET]);
    expect(got[1]).toBe(PACKET);
  });

  test('never throws or rejects, whatever the handler does', async () => {
    const communicator = await started();
    const errors: unknown[] = [];
    communicator.on('handlerError', ({ error }) => errors.push(error));
    const failures: (() => unknown)[] = [
      () => {
        throw 'thrown';
      },
      () => Promise.reject('rejected'),
      () =>
        Object.defineProperty({}, 'then', {
          get() {
            throw 'thrown by then';
          },
        }),
    ];
    for (const fail of failures) {
      communicator.setReceiveHandler(fail as () => void);
      await communicator.receive('a', PACKET);
    }
    expect(errors).toEqual(['thrown', 'rejected', 'thrown by then']);
  });
});

describe('events', () => {
  test('reach all listeners in order, with the payload', () => {
    const communicator = new TestCommunicator();
    const heard: unknown[] = [];
    communicator.on('test', (event) => heard.push(['on', event]));
    communicator.once('test', (event) => heard.push(['once', event]));
    communicator.report(1);
    communicator.report(2);
    expect(heard).toEqual([
      ['on', { value: 1 }],
      ['once', { value: 1 }],
      ['on', { value: 2 }],
    ]);
  });

  test('the error of a listener that throws is uncaught, and emit does not throw', async () => {
    const communicator = new TestCommunicator();
    const failure = new Error('thrown by a listener on purpose');
    communicator.on('test', () => {
      throw failure;
    });
    const { next, release } = catchUncaught();
    try {
      expect(() => communicator.report(1)).not.toThrow();
      expect(await next).toBe(failure);
    } finally {
      release();
    }
  });

  test('do nothing without a listener', () => {
    expect(() => new TestCommunicator().report(1)).not.toThrow();
  });
});
