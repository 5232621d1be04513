import { describe, expect, test } from 'vitest';
import { CommunicatorState, InitializeError } from '../../src/index.js';
import { type ContractHarness, type MakeHarness, outcome, setUp, someTurns, start } from './harness.js';

const ILLEGAL = { name: 'IllegalStateAction', code: 'ILLEGAL_STATE' };
const PACKET = Uint8Array.of(1, 0, 2);

/** Each of these calls must be illegal now. `addConnection` throws, the others reject. */
async function expectIllegal(
  { communicator, connection }: ContractHarness,
  ...calls: ('addConnection' | 'initialize' | 'send' | 'ready' | 'shutdown')[]
): Promise<void> {
  const state = communicator.state;
  for (const call of calls) {
    switch (call) {
      case 'addConnection':
        expect(() => communicator.addConnection('late', connection()), call).toThrow(expect.objectContaining(ILLEGAL));
        break;
      case 'send':
        // The state is checked before the name and the packet.
        for (const promise of [communicator.send('a', PACKET), communicator.send('nobody', PACKET)]) {
          await expect(promise, call).rejects.toMatchObject(ILLEGAL);
        }
        break;
      case 'ready':
        for (const promise of [communicator.ready('a'), communicator.ready('nobody')]) {
          await expect(promise, call).rejects.toMatchObject(ILLEGAL);
        }
        break;
      default:
        await expect(communicator[call](), call).rejects.toMatchObject(ILLEGAL);
    }
  }
  expect(communicator.state).toBe(state);
}

export function describeLifeCycle(makeHarness: MakeHarness, canFail: boolean): void {
  describe('life cycle', () => {
    test('the states are 1, 2 and 3', () => {
      expect([CommunicatorState.UNINITIALIZED, CommunicatorState.STARTED, CommunicatorState.STOPPED]).toEqual([
        1, 2, 3,
      ]);
    });

    test('goes from UNINITIALIZED to STARTED to STOPPED', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      expect(communicator.state).toBe(CommunicatorState.UNINITIALIZED);
      const initializing = communicator.initialize();
      expect(communicator.state).toBe(CommunicatorState.UNINITIALIZED);
      await expect(initializing).resolves.toBeUndefined();
      expect(communicator.state).toBe(CommunicatorState.STARTED);
      const stopping = communicator.shutdown();
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
      await expect(stopping).resolves.toBeUndefined();
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
    });

    test('starts and stops without connections', async () => {
      const { communicator } = await start(makeHarness);
      await expect(communicator.send('a', PACKET)).rejects.toMatchObject({ code: 'KEY_ERROR' });
      await communicator.shutdown();
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
    });

    test('UNINITIALIZED: send, ready and shutdown are illegal', async () => {
      const { harness, communicator, inbox } = await setUp(makeHarness, 'a');
      await expectIllegal(harness, 'send', 'ready', 'shutdown');
      await communicator.initialize();
      await communicator.send('a', PACKET);
      expect(await inbox.next()).toEqual({ name: 'a', packet: PACKET });
    });

    test('initialize in progress: every call is illegal, even initialize, and the first one succeeds', async () => {
      const { harness, communicator, inbox } = await setUp(makeHarness, 'a');
      const initializing = communicator.initialize();
      const rejected = [
        communicator.initialize(),
        communicator.send('a', PACKET),
        communicator.ready('a'),
        communicator.shutdown(),
      ];
      expect(() => communicator.addConnection('late', harness.connection())).toThrow(expect.objectContaining(ILLEGAL));
      expect(communicator.state).toBe(CommunicatorState.UNINITIALIZED);
      for (const promise of rejected) {
        await expect(promise).rejects.toMatchObject(ILLEGAL);
      }
      await initializing;
      expect(communicator.state).toBe(CommunicatorState.STARTED);
      await communicator.send('a', PACKET);
      expect(await inbox.next()).toEqual({ name: 'a', packet: PACKET });
      expect(inbox.arrivals).toHaveLength(1);
    });

    test('STARTED: addConnection and initialize are illegal, and change nothing', async () => {
      const { harness, communicator, inbox } = await start(makeHarness, 'a');
      await expectIllegal(harness, 'addConnection', 'initialize');
      await communicator.send('a', PACKET);
      expect(await inbox.next()).toEqual({ name: 'a', packet: PACKET });
    });

    test('shutdown in progress: every call is illegal, even shutdown, and the first one succeeds', async () => {
      const { harness, communicator } = await start(makeHarness, 'a');
      const first = communicator.shutdown();
      const rejected = [
        communicator.shutdown(),
        communicator.initialize(),
        communicator.send('a', PACKET),
        communicator.ready('a'),
      ];
      expect(() => communicator.addConnection('late', harness.connection())).toThrow(expect.objectContaining(ILLEGAL));
      for (const promise of rejected) {
        await expect(promise).rejects.toMatchObject(ILLEGAL);
      }
      await expect(first).resolves.toBeUndefined();
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
    });

    test('STOPPED: every call is illegal, and the state is final', async () => {
      const { harness, communicator } = await start(makeHarness, 'a');
      await communicator.shutdown();
      await expectIllegal(harness, 'addConnection', 'initialize', 'send', 'ready', 'shutdown');
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
    });

    test('names the call in the message of an illegal call', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      await expect(communicator.shutdown()).rejects.toThrow(/^shutdown: the state is UNINITIALIZED/);
      await expect(communicator.send('a', PACKET)).rejects.toThrow(/^send: the state is UNINITIALIZED/);
      await expect(communicator.ready('a')).rejects.toThrow(/^ready: the state is UNINITIALIZED/);
    });
  });

  if (canFail) {
    describeFailure(makeHarness);
  }

  describeNames(makeHarness);
  describeDispose(makeHarness);
}

function describeFailure(makeHarness: MakeHarness): void {
  describe('initialize fails', () => {
    test('stays UNINITIALIZED, names the connection, and succeeds on a second call', async () => {
      const { harness, communicator, inbox } = await setUp(makeHarness, 'a');
      const broken = harness.brokenConnection!();
      communicator.addConnection('broken', broken.connection);

      const initializing = communicator.initialize();
      const rejected = [
        communicator.initialize(),
        communicator.send('a', PACKET),
        communicator.ready('a'),
        communicator.shutdown(),
      ];
      for (const promise of rejected) {
        await expect(promise).rejects.toMatchObject(ILLEGAL);
      }
      const failure = await outcome(initializing);
      expect(failure).toMatchObject({
        error: { name: 'InitializeError', code: 'INITIALIZE_FAILED', errors: [{ connection: 'broken' }] },
      });
      expect((failure as { error: unknown }).error).toBeInstanceOf(InitializeError);
      expect(communicator.state).toBe(CommunicatorState.UNINITIALIZED);
      await expectIllegal(harness, 'send', 'ready', 'shutdown');
      await communicator[Symbol.asyncDispose]();

      await expect(communicator.initialize()).rejects.toMatchObject({ code: 'INITIALIZE_FAILED' });
      communicator.addConnection('late', harness.connection());
      await broken.mend();
      await communicator.initialize();
      expect(communicator.state).toBe(CommunicatorState.STARTED);
      for (const name of ['a', 'broken', 'late']) {
        await communicator.send(name, PACKET);
        expect(await inbox.next()).toEqual({ name, packet: PACKET });
      }
      await communicator.shutdown();
    });
  });
}

function describeNames(makeHarness: MakeHarness): void {
  describe('names', () => {
    test('rejects a duplicate name with KeyError, and keeps the first connection', async () => {
      const { harness, communicator, inbox } = await setUp(makeHarness, 'a');
      expect(() => communicator.addConnection('a', harness.connection())).toThrow(
        expect.objectContaining({ name: 'KeyError', code: 'KEY_ERROR' }),
      );
      await communicator.initialize();
      await communicator.send('a', PACKET);
      expect(await inbox.next()).toEqual({ name: 'a', packet: PACKET });
    });

    test('rejects an unknown name with KeyError, whatever the packet', async () => {
      const { communicator } = await start(makeHarness, 'a');
      for (const packet of [PACKET, 'text' as unknown as Uint8Array]) {
        await expect(communicator.send('b', packet)).rejects.toMatchObject({ name: 'KeyError', code: 'KEY_ERROR' });
      }
      await expect(communicator.ready('b')).rejects.toMatchObject({ name: 'KeyError', code: 'KEY_ERROR' });
      for (const name of ['toString', '__proto__', '']) {
        await expect(communicator.send(name, PACKET)).rejects.toMatchObject({ code: 'KEY_ERROR' });
      }
    });

    test('accepts the name of an object property', async () => {
      const { communicator, inbox } = await start(makeHarness, '__proto__');
      await communicator.send('__proto__', PACKET);
      expect(await inbox.next()).toEqual({ name: '__proto__', packet: PACKET });
    });

    test.each([[''], [undefined], [7], [null]])('rejects the name %j', async (name) => {
      const { harness, communicator } = await setUp(makeHarness);
      expect(() => communicator.addConnection(name as string, harness.connection())).toThrow(
        expect.objectContaining({ name: 'InvalidArgumentError', code: 'INVALID_CONNECTION' }),
      );
    });

    test.each([undefined, null, 'text', 7, [], { noSuchSetting: 1 }])('rejects the description %j', async (value) => {
      const { communicator } = await setUp(makeHarness);
      expect(() => communicator.addConnection('a', value)).toThrow(
        expect.objectContaining({ name: 'InvalidArgumentError', code: 'INVALID_CONNECTION' }),
      );
      await communicator.initialize();
      await expect(communicator.send('a', PACKET)).rejects.toMatchObject({ code: 'KEY_ERROR' });
    });
  });
}

function describeDispose(makeHarness: MakeHarness): void {
  describe('asyncDispose', () => {
    test('UNINITIALIZED: does nothing', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      await communicator[Symbol.asyncDispose]();
      expect(communicator.state).toBe(CommunicatorState.UNINITIALIZED);
      await communicator.initialize();
      expect(communicator.state).toBe(CommunicatorState.STARTED);
    });

    test('initialize in progress: does nothing', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const initializing = communicator.initialize();
      await communicator[Symbol.asyncDispose]();
      await initializing;
      expect(communicator.state).toBe(CommunicatorState.STARTED);
    });

    test('STARTED: shuts down', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const disposing = communicator[Symbol.asyncDispose]();
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
      await disposing;
    });

    test('shutdown in progress: waits for it', async () => {
      const { communicator } = await start(makeHarness, 'a');
      const order: string[] = [];
      const stopping = communicator.shutdown().then(() => order.push('shutdown'));
      const disposing = communicator[Symbol.asyncDispose]().then(() => order.push('dispose'));
      await Promise.all([stopping, disposing]);
      expect(order).toEqual(['shutdown', 'dispose']);
    });

    test('STOPPED: does nothing', async () => {
      const { communicator } = await start(makeHarness, 'a');
      await communicator.shutdown();
      await communicator[Symbol.asyncDispose]();
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
    });

    test('await using shuts down at the end of the block', async () => {
      const { communicator, inbox } = await setUp(makeHarness, 'a');
      {
        await using used = communicator;
        await used.initialize();
        await used.send('a', PACKET);
        expect(await inbox.next()).toEqual({ name: 'a', packet: PACKET });
      }
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
    });

    test('await using shuts down when the block throws, and rethrows the error', async () => {
      const { communicator } = await setUp(makeHarness, 'a');
      const thrown = new Error('thrown in the block');
      const block = async () => {
        await using used = communicator;
        await used.initialize();
        throw thrown;
      };
      await expect(block()).rejects.toBe(thrown);
      expect(communicator.state).toBe(CommunicatorState.STOPPED);
      await someTurns(1);
    });
  });
}
