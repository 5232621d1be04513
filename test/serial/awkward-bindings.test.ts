import { expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, type ReadPort, SerialCommunicator, type SerialConnection } from '../../src/index.js';

const never = () => new Promise<never>(() => {});

/** A port that never receives a byte. Its methods can be replaced. */
class QuietPort {
  readonly openOptions: { path: string };
  isOpen = true;
  lose = (_: Error) => {};
  [call: string]: unknown;

  constructor(path: string, does: Partial<Record<keyof ReadPort, unknown>>) {
    this.openOptions = { path };
    Object.assign(this, does);
  }

  read() {
    return new Promise((_, reject) => {
      this.lose = reject;
    });
  }

  async write() {}
  async set() {}
  async flush() {}

  async close() {
    this.isOpen = false;
    this.lose(new Error('closed'));
  }
}

/** Makes a communicator with the connection "arm", whose ports have these methods. Returns also the ports opened. */
function setUp(
  does: Partial<Record<keyof ReadPort, unknown>>,
  {
    connection = {},
    ...binding
  }: Partial<Binding> & { connection?: Partial<SerialConnection>; open?: (count: number) => Promise<unknown> } = {},
) {
  const ports: QuietPort[] = [];
  const serial = new SerialCommunicator({
    shutdownTimeoutMs: 200,
    binding: {
      list: async () => [],
      open: async ({ path }: { path: string }) => {
        const port = new QuietPort(path, does);
        ports.push(port);
        return port;
      },
      ...binding,
    } as unknown as Binding,
  });
  serial.addConnection('arm', { path: '/dev/odd', baudRate: 9_600, openTimeoutMs: 100, ...connection });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return { serial, ports };
}

test('opens a port although list() hangs', async () => {
  const { serial } = setUp({}, { list: never });
  const connected = vi.fn();
  serial.on('connected', connected);
  await serial.initialize();
  expect(connected.mock.calls[0]![0].info.path).toBe('/dev/odd');
});

test('does not open a port whose device list() finds after openTimeoutMs', async () => {
  const info = { path: '/dev/odd', serialNumber: 'S1' };
  let finish = (_: unknown) => {};
  const list = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const connection = { path: undefined, device: { serialNumber: 'S1' } };
  const { serial, ports } = setUp({}, { list, connection } as never);
  await expect(serial.initialize()).rejects.toMatchObject({ errors: [{ code: 'OPEN_TIMEOUT' }] });
  finish([info]);
  await new Promise(setImmediate);
  expect(ports).toEqual([]);
});

test('closes a port whose set() hangs when openTimeoutMs is over', async () => {
  const { serial, ports } = setUp({ set: never }, { connection: { dtr: false } });
  await expect(serial.initialize()).rejects.toMatchObject({ errors: [{ code: 'OPEN_TIMEOUT' }] });
  await vi.waitFor(() => expect(ports[0]!.isOpen).toBe(false));
});

test('does not try again before the port of an attempt that took too long is closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5) {
      await vi.advanceTimersByTimeAsync(5);
      await new Promise(setImmediate);
    }
  };
  let closed = () => {};
  const close = vi.fn(() => new Promise<void>((resolve) => (closed = resolve)));
  const open = vi.fn(async ({ path }: { path: string }) => {
    await new Promise((resolve) => setTimeout(resolve, 70));
    return new QuietPort(path, { close });
  });
  const reconnect = { minDelayMs: 1, maxDelayMs: 2 };
  const { serial } = setUp({}, { describe: never, open, connection: { required: false, reconnect } } as never);
  const initialized = serial.initialize();
  await pass(400);
  expect(close).toHaveBeenCalledOnce();
  expect(open).toHaveBeenCalledOnce();
  closed();
  await initialized;
  await pass(100);
  expect(open).toHaveBeenCalledTimes(2);
  const ended = serial.shutdown();
  await pass(600);
  await ended;
});

test('opens a port again after its set() hung', async () => {
  const set = vi.fn(() => Promise.resolve()).mockImplementationOnce(never);
  const { serial, ports } = setUp(
    { set },
    { connection: { dtr: false, required: false, openTimeoutMs: 20, reconnect: { minDelayMs: 1, maxDelayMs: 2 } } },
  );
  await serial.initialize();
  await vi.waitFor(() => expect(serial.connectionState('arm')).toBe('connected'));
  expect(ports.map(({ isOpen }) => isOpen)).toEqual([false, true]);
});

test.each([
  ['fails', () => Promise.reject(new Error('EIO'))],
  ['hangs', never],
])('closes a stalled port whose flush() %s', async (_, flush) => {
  const { serial, ports } = setUp({ write: never, flush }, { connection: { syncOnOpen: false } });
  await serial.initialize();
  const sent = serial.send('arm', Uint8Array.of(1)).catch((error) => error.code);
  await serial.shutdown();
  expect(await sent).toBe('SHUTDOWN_TIMEOUT');
  await vi.waitFor(() => expect(ports[0]!.isOpen).toBe(false));
});

test('waits in shutdown until a lost port is closed', async () => {
  const steps: string[] = [];
  let closed = () => {};
  const close = () =>
    new Promise<void>((resolve) => {
      closed = () => {
        steps.push('closed');
        resolve();
      };
    });
  const { serial, ports } = setUp({ close }, { connection: { reconnect: false } });
  await serial.initialize();
  await vi.waitFor(() => ports[0]!.lose(new Error('unplugged')));
  await vi.waitFor(() => expect(serial.connectionState('arm')).toBe('disconnected'));
  const stopped = serial.shutdown().then(() => steps.push('shutdown'));
  await new Promise((resolve) => setImmediate(resolve));
  closed();
  await stopped;
  expect(steps).toEqual(['closed', 'shutdown']);
});

test('does not open a port again while an earlier open() hangs', async () => {
  let openings = 0;
  const { serial, ports } = setUp(
    {},
    { connection: { openTimeoutMs: 10, required: false, reconnect: { minDelayMs: 1, maxDelayMs: 2 } } },
  );
  const serialOfHanging = setUp(
    {},
    {
      open: () => {
        openings++;
        return never();
      },
      connection: { openTimeoutMs: 10, required: false, reconnect: { minDelayMs: 1, maxDelayMs: 2 } },
    },
  ).serial;
  await serialOfHanging.initialize();
  // Long enough for many attempts: the other connection is lost again and again.
  await serial.initialize();
  while (ports.length < 5) {
    ports.at(-1)?.lose(new Error('unplugged'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(openings).toBe(1);
});

test('rejects a hanging setSignals when the port is lost, and does not delay the next one', async () => {
  let hangs = true;
  const set = vi.fn(() => (hangs ? never() : Promise.resolve()));
  const { serial, ports } = setUp({ set }, { connection: { reconnect: { minDelayMs: 1, maxDelayMs: 2 } } });
  await serial.initialize();
  const hanging = serial.setSignals('arm', { dtr: false });
  await vi.waitFor(() => expect(set).toHaveBeenCalledOnce());
  ports[0]!.lose(new Error('unplugged'));
  await expect(hanging).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  hangs = false;
  await vi.waitFor(() => expect(serial.connectionState('arm')).toBe('connected'));
  await serial.setSignals('arm', { rts: false });
  // The rejected call has changed nothing: DTR is as it was when the port opened.
  expect(set).toHaveBeenLastCalledWith({ dtr: true, rts: false, brk: false });
});

test.each([
  ['a controller', { signal: new AbortController() }],
  ['a signal in place of options', new AbortController().signal],
])('rejects a send with %s, and accepts no packet', async (_, options) => {
  const { serial } = setUp({});
  await serial.initialize();
  await expect(serial.send('arm', Uint8Array.of(1), options as never)).rejects.toThrow(
    'expected { signal: AbortSignal }',
  );
  expect(serial.stats('arm').packetsAccepted).toBe(0);
});
