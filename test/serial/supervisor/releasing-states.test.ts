import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { gate, outcome, someTurns } from '../../contract/harness.js';
import { FAST, lose, PACKET, ReleasingRig } from '../../support/releasing-rig.js';
import { expectNothingUncounted } from '../../support/stats.js';

interface Situation {
  settings?: Partial<SerialConnection>;
  /** Brings the connection into the state, after `initialize` unless that is called here. Returns how to end it. */
  enter(rig: ReleasingRig): Promise<unknown>;
  disconnects: string[];
}

const RELEASED = 'CONNECTION_RELEASED false';

/** Loses the port, and plugs the device in again. Opening it then waits for the returned gate. */
async function holdReopening(rig: ReleasingRig): Promise<ReturnType<typeof gate>> {
  await rig.serial.initialize();
  const opening = gate();
  rig.hold = opening.opened;
  await lose(rig);
  rig.device.plug();
  return opening;
}

/** Every state of a connection in which `release` may be called, by its name in docs/architecture.md. */
const SITUATIONS: Record<string, Situation> = {
  absent: {
    settings: { required: false },
    async enter({ serial, device }) {
      device.unplug();
      await serial.initialize();
      return () => device.plug();
    },
    disconnects: [],
  },
  settling: {
    settings: { settleMs: 60_000 },
    enter: ({ serial }) => serial.initialize(),
    disconnects: [RELEASED],
  },
  ready: { enter: ({ serial }) => serial.initialize(), disconnects: [RELEASED] },
  losing: {
    async enter(rig) {
      await rig.serial.initialize();
      const losing = gate();
      rig.serial.once('disconnected', losing.open);
      rig.device.unplug();
      await losing.opened;
      return () => rig.device.plug();
    },
    disconnects: ['CONNECTION_LOST true'],
  },
  waiting: {
    settings: { reconnect: { minDelayMs: 60_000, maxDelayMs: 60_000 } },
    async enter(rig) {
      await rig.serial.initialize();
      await lose(rig);
      await someTurns();
      return () => rig.device.plug();
    },
    disconnects: ['CONNECTION_LOST true'],
  },
  'reopening, and the attempt succeeds': {
    async enter(rig) {
      const opening = await holdReopening(rig);
      await vi.waitFor(() => expect(rig.serial.connectionState('arm')).toBe('connecting'));
      return () => {
        rig.hold = undefined;
        opening.open();
      };
    },
    disconnects: ['CONNECTION_LOST true'],
  },
  'reopening, and the attempt fails': {
    async enter(rig) {
      const opening = await holdReopening(rig);
      await vi.waitFor(() => expect(rig.serial.connectionState('arm')).toBe('connecting'));
      return () => {
        rig.hold = undefined;
        opening.fail(new Error('not now'));
      };
    },
    disconnects: ['CONNECTION_LOST true'],
  },
  'blocked by an attempt that has timed out': {
    settings: { openTimeoutMs: 10 },
    async enter(rig) {
      const opening = await holdReopening(rig);
      await vi.waitFor(() => expect(rig.serial.connectionError('arm')).toMatchObject({ code: 'OPEN_TIMEOUT' }));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(rig.attempts).toBe(2);
      return () => {
        rig.hold = undefined;
        opening.open();
      };
    },
    disconnects: ['CONNECTION_LOST true'],
  },
  givenUp: {
    settings: { reconnect: false },
    async enter(rig) {
      await rig.serial.initialize();
      await lose(rig);
      return () => rig.device.plug();
    },
    disconnects: ['CONNECTION_LOST false'],
  },
  released: {
    async enter(rig) {
      await rig.serial.initialize();
      await rig.arm.release();
    },
    disconnects: [RELEASED],
  },
};

const names = Object.keys(SITUATIONS);

/** A rig in the situation of that name. */
async function enter(name: string) {
  const { settings = {}, enter, disconnects } = SITUATIONS[name]!;
  const rig = new ReleasingRig(settings);
  const end = ((await enter(rig)) ?? (() => {})) as () => void;
  return { rig, end, disconnects };
}

describe.each(names)('a connection that is %s', (name) => {
  test('is released, and reopened', async () => {
    const { rig, end, disconnects } = await enter(name);
    const released = rig.arm.release();
    end();
    await released;
    await rig.expectReleased();
    expect(rig.disconnects).toEqual(disconnects);
    const ready = rig.serial.ready('arm');
    await rig.arm.reopen();
    expect(rig.serial.connectionState('arm')).toBe('connected');
    if (name !== 'settling') {
      await ready;
      await rig.expectEcho();
    }
    await rig.serial.shutdown();
    await outcome(ready);
    expectNothingUncounted(rig.serial.stats('arm'));
  });

  test('is shut down during and after a release', async () => {
    for (const isReleased of [false, true]) {
      const { rig, end } = await enter(name);
      const released = rig.arm.release();
      const ready = outcome(rig.serial.ready('arm'));
      const reopened = isReleased ? released.then(() => outcome(rig.arm.reopen())) : outcome(rig.arm.reopen());
      if (isReleased) {
        end();
        await released;
      }
      await rig.serial.shutdown();
      end();
      await released;
      await Promise.all([ready, reopened]);
      // A port that opens too late is closed after the shutdown.
      await vi.waitFor(() => expect(rig.device.openOptions).toBeUndefined());
      expectNothingUncounted(rig.serial.stats('arm'));
    }
  });

  test('is reopened without a release', async () => {
    const { rig, end } = await enter(name);
    const reopened = rig.arm.reopen();
    end();
    await reopened;
    expect(rig.serial.connectionState('arm')).toBe('connected');
  });
});

describe('release with a stalled device', () => {
  /** A connection whose packet the device does not accept, and which is being released. */
  async function startReleasing(settings: Partial<SerialConnection> = {}) {
    const rig = new ReleasingRig(settings);
    await rig.serial.initialize();
    rig.device.stall();
    const sent = outcome(rig.serial.send('arm', PACKET));
    const released = rig.arm.release();
    await someTurns();
    expect(rig.serial.connectionState('arm')).toBe('connected');
    expect(rig.serial.connectionError('arm')).toBeUndefined();
    return { rig, sent, released };
  }

  test.each([FAST, false as const])('and the port lost meanwhile (reconnect: %j)', async (reconnect) => {
    const { rig, sent, released } = await startReleasing({ reconnect });
    rig.device.unplug();
    expect(await sent).toMatchObject({ error: { code: 'CONNECTION_LOST' } });
    await released;
    expect(rig.disconnects).toEqual(['CONNECTION_LOST false']);
    rig.device.plug();
    await rig.expectReleased();
    expect(rig.serial.stats('arm')).toMatchObject({ losses: 1, packetsLost: 1, packetsReleased: 0 });
    rig.device.resume();
    await rig.arm.reopen();
    await rig.expectEcho();
  });

  test('and the device accepts bytes again: the packet is sent, and then the port is closed', async () => {
    const { rig, sent, released } = await startReleasing();
    rig.device.resume();
    expect(await sent).toEqual({ value: undefined });
    await released;
    expect(rig.device.received).toEqual([PACKET]);
    await rig.expectReleased();
  });

  test('and shutdown meanwhile: it ends in its own time, and the packet rejects with SHUTDOWN_TIMEOUT', async () => {
    const { rig, sent, released } = await startReleasing();
    await rig.serial.shutdown();
    expect(await sent).toMatchObject({ error: { code: 'SHUTDOWN_TIMEOUT' } });
    await released;
    expect(rig.disconnects).toEqual([]);
    expect(rig.serial.stats('arm')).toMatchObject({ packetsShutDown: 1, packetsReleased: 0 });
    expectNothingUncounted(rig.serial.stats('arm'));
  });
});

test('release and shutdown that wait for the same packet both end when it is written', async () => {
  const device = new MockDevice({ path: '/dev/arm' });
  const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 600_000 });
  serial.addConnection('arm', { path: '/dev/arm', baudRate: 9_600 });
  await serial.initialize();
  device.stall();
  const sent = serial.send('arm', PACKET);
  const ends = [serial.connection('arm').release(), serial.shutdown()];
  await someTurns();
  device.resume();
  await Promise.all([sent, ...ends]);
  expect(device.received).toEqual([PACKET]);
});

test('a packet is not kept for a port that stays released, since an aborted reopen could not open it', async () => {
  const rig = new ReleasingRig({ reconnect: false, whenDisconnected: 'wait' });
  await rig.serial.initialize();
  await rig.arm.release();
  const opening = gate();
  rig.hold = opening.opened;
  const controller = new AbortController();
  const reopened = outcome(rig.arm.reopen({ signal: controller.signal }));
  controller.abort('no more');
  expect(await reopened).toEqual({ error: 'no more' });
  const waiting = outcome(rig.serial.send('arm', PACKET));
  opening.fail(new Error('not now'));
  expect(await waiting).toMatchObject({ error: { code: 'CONNECTION_RELEASED' } });
  await rig.expectReleased();
});

test('packets that wait for the port reject with CONNECTION_RELEASED at once', async () => {
  const rig = new ReleasingRig({ whenDisconnected: 'wait' });
  await rig.serial.initialize();
  await lose(rig);
  const sent = outcome(rig.serial.send('arm', PACKET));
  const released = rig.arm.release();
  expect(await sent).toMatchObject({ error: { code: 'CONNECTION_RELEASED' } });
  await released;
  expect(rig.serial.stats('arm')).toMatchObject({ packetsReleased: 1, packetsLost: 0 });
});

test('a port whose close hangs delays release and reopen only for a time', async () => {
  const { list, open: openMock } = mockBinding(new MockDevice({ path: '/dev/arm' }));
  let opens = 0;
  const open: Binding['open'] = async (options) => {
    const port = await openMock(options);
    const close = port.close.bind(port);
    const hangs = opens++ === 0;
    port.close = () => (hangs ? close().then(() => new Promise(() => {})) : close());
    return port;
  };
  const serial = new SerialCommunicator({ binding: { list, open }, shutdownTimeoutMs: 40 });
  serial.addConnection('arm', { path: '/dev/arm', baudRate: 9_600 });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  await serial.connection('arm').release();
  await serial.connection('arm').reopen();
  expect(opens).toBe(2);
});
