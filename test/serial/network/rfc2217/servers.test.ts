import { execFileSync } from 'node:child_process';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialConnection, type SerialEvents } from '../../../../src/index.js';
import { openPtyPair, PtyEchoDevice } from '../../../support/pty-pair.js';
import { PYTHON_WITH_SERIAL, startPyserialServer } from '../../../support/pyserial.js';
import { SER2NET, startSer2net } from '../../../support/ser2net.js';
import { has } from '../../../support/tools.js';

const PATIENCE = { timeout: 15_000, interval: 5 };

/** A communicator with one connection, not yet initialized, and what it reports. */
function communicatorWith(path: string, settings: Partial<SerialConnection> = {}) {
  const communicator = new SerialCommunicator();
  communicator.addConnection('arm', { path, baudRate: 115_200, ...settings } as SerialConnection);
  const ignored: SerialEvents['settingIgnored'][] = [];
  communicator.on('settingIgnored', (each) => ignored.push(each));
  const disconnects: string[] = [];
  communicator.on('disconnected', ({ error }) => disconnects.push(error.code));
  onTestFinished(() => communicator[Symbol.asyncDispose]());
  return { communicator, ignored, disconnects };
}

async function failure(communicator: SerialCommunicator) {
  const error = await communicator.initialize().then(
    () => expect.fail('it has opened'),
    (error) => error,
  );
  return error.errors[0];
}

function echo(communicator: SerialCommunicator, packet: Uint8Array): Promise<Uint8Array> {
  return communicator.request('arm', packet, { matches: () => true, timeoutMs: 15_000 });
}

const PACKET = Uint8Array.of(255, 255, 0, 13, 10, 13, 0, 17, 19, 255);

describe.skipIf(SER2NET === undefined || !has('socat'))('ser2net over a pty pair (needs ser2net, socat)', () => {
  async function start(accepter: 'tcp' | 'telnet(rfc2217),tcp' = 'telnet(rfc2217),tcp') {
    const pair = await openPtyPair();
    const device = new PtyEchoDevice(pair.devicePath);
    const server = await startSer2net(pair.hostPath, accepter);
    let closing: Promise<void> | undefined;
    const unplug = () => (closing ??= pair.close());
    onTestFinished(async () => {
      await server.close();
      await device.close();
      await unplug();
    });
    return { pair, server, unplug, path: `rfc2217://127.0.0.1:${server.port}` };
  }

  test('sets the line', async () => {
    const { pair, path } = await start();
    const settings = { baudRate: 19_200, dataBits: 7, parity: 'even', stopBits: 2, rtscts: true } as const;
    const { communicator, ignored } = communicatorWith(path, settings);
    await communicator.initialize();
    const line = execFileSync('stty', ['-F', pair.hostPath, '-a'], { encoding: 'utf8' });
    expect(line).toContain('speed 19200 baud');
    // A pty has no other size than 8 bits, as stty shows, and ser2net answers that it has set 7.
    expect(line).toMatch(/ cstopb .* crtscts/s);
    expect(ignored).toEqual([]);
  });

  test('echoes bytes that telnet could change', async () => {
    const { path } = await start();
    const { communicator, ignored } = communicatorWith(path);
    await communicator.initialize();
    expect(await echo(communicator, PACKET)).toEqual(PACKET);
    expect(ignored).toEqual([]);
  });

  test('never answers DTR and RTS of a pty, which is reported, and waited for once', async () => {
    const { path } = await start();
    const { communicator, ignored } = communicatorWith(path, { openTimeoutMs: 2_000 });
    await communicator.initialize();
    await communicator.setSignals('arm', { dtr: false });
    await communicator.setSignals('arm', { dtr: true });
    expect(ignored).toEqual([
      { name: 'arm', setting: 'dtr', requested: false, actual: undefined },
      { name: 'arm', setting: 'rts', requested: true, actual: undefined },
    ]);
    expect(await communicator.signals('arm')).toEqual({ cts: false, dsr: false, dcd: false });
    expect(await echo(communicator, PACKET)).toEqual(PACKET);
  });

  test('refuses a second client, and says why', async () => {
    const { path } = await start();
    const first = communicatorWith(path);
    await first.communicator.initialize();
    const { communicator } = communicatorWith(path);
    const error = await failure(communicator);
    expect(error.code).toBe('PORT_BUSY');
    expect(error.message).toContain('"Port already in use"');
  });

  test('says that its port does not exist', async () => {
    const server = await startSer2net('/dev/does-not-exist', 'telnet(rfc2217),tcp');
    onTestFinished(() => server.close());
    const { communicator } = communicatorWith(`rfc2217://127.0.0.1:${server.port}`);
    const error = await failure(communicator);
    expect(error.code).toBe('PORT_OPEN_FAILED');
    expect(error.message).toContain('"Device open failure: Value or file not found"');
  });

  test('in raw mode, fails and suggests tcp://', async () => {
    const { path, server } = await start('tcp');
    const { communicator } = communicatorWith(path, { openTimeoutMs: 2_000 });
    const error = await failure(communicator);
    expect(error.code).toBe('PORT_OPEN_FAILED');
    expect(error.message).toContain(`use tcp://127.0.0.1:${server.port}`);
  });

  test('killed and started again: disconnects once, and reconnects', async () => {
    const { pair, path, server } = await start();
    const { communicator, disconnects } = communicatorWith(path, { reconnect: { maxDelayMs: 50 } });
    await communicator.initialize();
    await server.close();
    await vi.waitFor(() => expect(communicator.connectionState('arm')).not.toBe('connected'), PATIENCE);
    const again = await startSer2net(pair.hostPath, 'telnet(rfc2217),tcp', { port: server.port });
    onTestFinished(() => again.close());
    await vi.waitFor(() => expect(communicator.connectionState('arm')).toBe('connected'), PATIENCE);
    expect(await echo(communicator, PACKET)).toEqual(PACKET);
    expect(disconnects).toEqual(['CONNECTION_LOST']);
  });

  test('whose device is unplugged closes the connection', async () => {
    const { path, unplug } = await start();
    const { communicator, disconnects } = communicatorWith(path, { reconnect: false });
    await communicator.initialize();
    const disconnected = vi.waitFor(() => expect(disconnects).toEqual(['CONNECTION_LOST']), PATIENCE);
    await unplug();
    await disconnected;
  });
});

describe.skipIf(PYTHON_WITH_SERIAL === undefined)("pyserial's server on a loop (needs pyserial)", () => {
  async function start() {
    const server = await startPyserialServer('loop://');
    onTestFinished(() => server.close());
    return server;
  }

  test('answers everything', async () => {
    const server = await start();
    const { communicator, ignored } = communicatorWith(server.path, {
      baudRate: 57_600,
      dataBits: 7,
      parity: 'mark',
      stopBits: 1.5,
      dtr: true,
      rts: true,
    });
    await communicator.initialize();
    expect(await echo(communicator, PACKET)).toEqual(PACKET);
    expect(ignored).toEqual([]);
  });

  test('sets DTR, RTS and break, and reports CTS and DSR', async () => {
    const server = await start();
    const { communicator, ignored } = communicatorWith(server.path);
    await communicator.initialize();
    server.settings.length = 0;
    for (const [dtr, rts] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      await communicator.setSignals('arm', { dtr, rts });
      expect(await communicator.signals('arm')).toMatchObject({ dsr: dtr, cts: rts });
    }
    await communicator.setSignals('arm', { brk: true });
    await communicator.setSignals('arm', { brk: false });
    const expected = [
      ...['dtr False', 'rts False', 'dtr True', 'rts False', 'dtr False', 'rts True', 'dtr True', 'rts True'],
      ...['brk True', 'dtr True', 'rts True', 'brk False', 'dtr True', 'rts True'],
    ];
    await vi.waitFor(() => expect(server.settings).toEqual(expected), PATIENCE);
    expect(ignored).toEqual([]);
  });

  test('reconnects', async () => {
    const server = await start();
    const { communicator } = communicatorWith(server.path, { reconnect: { maxDelayMs: 50 } });
    await communicator.initialize();
    const connection = communicator.connection('arm');
    await connection.release();
    await connection.reopen();
    expect(await echo(communicator, PACKET)).toEqual(PACKET);
  });
});
