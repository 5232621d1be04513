import { describe, expect, test } from 'vitest';
import {
  Communicator,
  type CommunicatorEvents,
  CommunicatorState,
  ConnectionError,
  InitializeError,
  InvalidArgumentError,
  type ReceiveHandler,
  type SendOptions,
} from '../src/index.js';
import { gate } from './contract/harness.js';
import { catchUncaught } from './support/uncaught.js';

interface TestConnection {
  label: string;
}

interface TestEvents extends CommunicatorEvents {
  test: { value: number };
}

/** A communicator whose hooks are the test's. */
class TestCommunicator extends Communicator<TestConnection, TestEvents> {
  readonly calls: unknown[][] = [];
  onOpen: () => void | Promise<void> = () => {};
  onTransmit: () => Promise<void> = async () => {};
  onClose: () => Promise<void> = async () => {};

  protected override checkConnection(name: string, connection: TestConnection): TestConnection {
    if (connection.label === 'refused') {
      throw new InvalidArgumentError('INVALID_CONNECTION', `${name} is refused`);
    }
    return { label: `checked ${connection.label}` };
  }

  protected override async openConnections(connections: ReadonlyMap<string, TestConnection>): Promise<void> {
    this.calls.push(['open', [...connections], this.state]);
    await this.onOpen();
  }

  protected override startReceiving(): void {
    this.calls.push(['start', this.state]);
  }

  protected override transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    this.calls.push(['transmit', name, packet, options]);
    return this.onTransmit();
  }

  protected override closeConnections(): Promise<void> {
    this.calls.push(['close', this.state]);
    return this.onClose();
  }

  receive(name: string, packet: Uint8Array): void | Promise<void> {
    return this.deliver(name, packet);
  }

  tell(value: number): void {
    this.emit('test', { value });
  }

  get handlerIsSet(): boolean {
    return this.hasReceiveHandler;
  }

  find(name: string): TestConnection {
    return this.connection(name);
  }
}

const PACKET = Uint8Array.of(1, 2);
const { UNINITIALIZED, STARTED, STOPPED } = CommunicatorState;

async function started(): Promise<TestCommunicator> {
  const communicator = new TestCommunicator();
  communicator.addConnection('a', { label: 'A' });
  await communicator.initialize();
  communicator.calls.length = 0;
  return communicator;
}

describe('addConnection', () => {
  test('keeps what checkConnection gives', () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('a', { label: 'A' });
    expect(communicator.find('a')).toEqual({ label: 'checked A' });
  });

  test('adds nothing when checkConnection throws', () => {
    const communicator = new TestCommunicator();
    expect(() => communicator.addConnection('a', { label: 'refused' })).toThrow('a is refused');
    communicator.addConnection('a', { label: 'A' });
    expect(() => communicator.find('b')).toThrow('no connection is named "b"; there are "a"');
  });

  test('asks nothing of a connection whose name is taken', () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('a', { label: 'A' });
    expect(() => communicator.addConnection('a', { label: 'refused' })).toThrow(
      expect.objectContaining({ code: 'KEY_ERROR' }),
    );
  });
});

describe('initialize', () => {
  test('opens all connections in the order in which they were added, then starts to receive', async () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('b', { label: 'B' });
    communicator.addConnection('a', { label: 'A' });
    await communicator.initialize();
    expect(communicator.calls).toEqual([
      [
        'open',
        [
          ['b', { label: 'checked B' }],
          ['a', { label: 'checked A' }],
        ],
        UNINITIALIZED,
      ],
      ['start', STARTED],
    ]);
  });

  test('while it is pending nothing else gets through', async () => {
    const communicator = new TestCommunicator();
    communicator.addConnection('a', { label: 'A' });
    const opening = gate();
    communicator.onOpen = () => opening.opened;
    const initializing = communicator.initialize();
    for (let turn = 0; turn < 3; turn++) {
      expect(communicator.state).toBe(UNINITIALIZED);
      expect(() => communicator.addConnection('b', { label: 'B' })).toThrow('addConnection: not allowed while');
      await expect(communicator.initialize()).rejects.toThrow('initialize: not allowed while initialize is under way');
      await expect(communicator.send('a', PACKET)).rejects.toThrow('send: initialize is under way');
      await expect(communicator.shutdown()).rejects.toThrow('shutdown: initialize is under way');
      await communicator[Symbol.asyncDispose]();
    }
    opening.open();
    await initializing;
    expect(communicator.calls.map(([hook]) => hook)).toEqual(['open', 'start']);
    expect(communicator.state).toBe(STARTED);
  });

  test('passes the error of the hook on, does not start, and may be called again', async () => {
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
  test('gives packet and options to the hook as they are, and settles as the hook does', async () => {
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

  test('calls the hook for nothing that is refused', async () => {
    const communicator = await started();
    const signal = AbortSignal.abort();
    for (const refused of [
      communicator.send('b', PACKET),
      communicator.send('a', 'text' as unknown as Uint8Array),
      communicator.send('a', PACKET, { signal }),
    ]) {
      await expect(refused).rejects.toThrow();
    }
    await communicator.shutdown();
    await expect(communicator.send('a', PACKET)).rejects.toThrow();
    expect(communicator.calls).toEqual([['close', STOPPED]]);
  });

  test('the message names the connection and what it got', async () => {
    const communicator = await started();
    await expect(communicator.send('a', null as unknown as Uint8Array)).rejects.toThrow(
      'send to "a": the packet must be a Uint8Array, got null',
    );
    await expect(communicator.send('b', PACKET)).rejects.toThrow('send: no connection is named "b"; there are "a"');
    const empty = new TestCommunicator();
    await empty.initialize();
    await expect(empty.send('a', PACKET)).rejects.toThrow('there are none');
  });
});

describe('shutdown', () => {
  test('is over when the hook is, and whoever disposes meanwhile waits for it too', async () => {
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

  test('whoever disposes within the hook waits for it too', async () => {
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

describe('deliver', () => {
  test('without a handler does nothing', async () => {
    const communicator = await started();
    expect(communicator.handlerIsSet).toBe(false);
    expect(communicator.receive('a', PACKET)).toBeUndefined();
  });

  test('gives a promise only where the handler did', async () => {
    const communicator = await started();
    communicator.setReceiveHandler(() => {});
    expect(communicator.handlerIsSet).toBe(true);
    expect(communicator.receive('a', PACKET)).toBeUndefined();
    communicator.setReceiveHandler((() => 7) as unknown as ReceiveHandler);
    expect(communicator.receive('a', PACKET)).toBeUndefined();
    communicator.setReceiveHandler(async () => {});
    const handled = communicator.receive('a', PACKET);
    expect(handled).toBeInstanceOf(Promise);
    await expect(handled).resolves.toBeUndefined();
  });

  test('hands over that very packet, and the name', async () => {
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
  test('reach every listener in order, with the one object', () => {
    const communicator = new TestCommunicator();
    const heard: unknown[] = [];
    communicator.on('test', (event) => heard.push(['on', event]));
    communicator.once('test', (event) => heard.push(['once', event]));
    communicator.tell(1);
    communicator.tell(2);
    expect(heard).toEqual([
      ['on', { value: 1 }],
      ['once', { value: 1 }],
      ['on', { value: 2 }],
    ]);
  });

  test('of a listener that throws: the error is uncaught, and whoever emitted does not notice', async () => {
    const communicator = new TestCommunicator();
    const failure = new Error('thrown by a listener on purpose');
    communicator.on('test', () => {
      throw failure;
    });
    const { next, release } = catchUncaught();
    try {
      expect(() => communicator.tell(1)).not.toThrow();
      expect(await next).toBe(failure);
    } finally {
      release();
    }
  });

  test('harm nobody who does not listen', () => {
    expect(() => new TestCommunicator().tell(1)).not.toThrow();
  });
});
