import { describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator, type SerialConnection, type SerialEvents } from '../../../../src/index.js';
import { Rfc2217Device, type ServerBehavior } from '../../../support/rfc2217-device.js';

const WILL_COM_PORT = Buffer.of(255, 251, 44);

/** A communicator with one connection to a server that behaves like this. */
async function setUp(behavior: ServerBehavior, settings: Partial<SerialConnection> = {}) {
  const device = await Rfc2217Device.listen(behavior);
  const communicator = new SerialCommunicator();
  communicator.addConnection('arm', {
    path: device.path,
    baudRate: 115_200,
    syncOnOpen: false,
    ...settings,
  } as SerialConnection);
  const ignored: Omit<SerialEvents['settingIgnored'], 'name'>[] = [];
  communicator.on('settingIgnored', ({ name, ...each }) => {
    expect(name).toBe('arm');
    ignored.push(each);
  });
  onTestFinished(async () => {
    await communicator[Symbol.asyncDispose]();
    await device.close();
  });
  return { device, communicator, ignored };
}

/** The error of the only connection. */
async function failure(communicator: SerialCommunicator) {
  const error = await communicator.initialize().then(
    () => expect.fail('it has opened'),
    (error) => error,
  );
  return error.errors[0];
}

/** Sends a packet, and waits for its echo. */
async function echo(communicator: SerialCommunicator, packet: Uint8Array): Promise<Uint8Array> {
  return communicator.request('arm', packet, { matches: () => true, timeoutMs: 10_000 });
}

describe('opening a port over RFC 2217', () => {
  test('negotiates in one write, then sets the line in one write', async () => {
    const { device, communicator, ignored } = await setUp({});
    await communicator.initialize();
    expect(device.negotiations).toEqual(['will 44', 'will 0', 'will 3', 'do 0', 'do 3', 'do 6']);
    expect(device.commands).toEqual(['11 255', '1 0 1 194 0', '2 8', '3 1', '4 1', '5 1']);
    expect(device.chunks).toHaveLength(2);
    expect(ignored).toEqual([]);
  });

  test.each<[Partial<SerialConnection>, string[]]>([
    [{ baudRate: 4_294_967_295 }, ['1 255 255 255 255', '2 8', '3 1', '4 1', '5 1']],
    [{ dataBits: 7, parity: 'even', stopBits: 2 }, ['1 0 1 194 0', '2 7', '3 3', '4 2', '5 1']],
    [{ dataBits: 5, parity: 'mark', stopBits: 1.5 }, ['1 0 1 194 0', '2 5', '3 4', '4 3', '5 1']],
    [{ parity: 'odd', rtscts: true }, ['1 0 1 194 0', '2 8', '3 2', '4 1', '5 3']],
    [{ parity: 'space', xon: true, xoff: true }, ['1 0 1 194 0', '2 8', '3 5', '4 1', '5 2']],
    [{ xon: true }, ['1 0 1 194 0', '2 8', '3 1', '4 1', '5 2', '5 14']],
    [{ xoff: true }, ['1 0 1 194 0', '2 8', '3 1', '4 1', '5 1', '5 15']],
  ])('sets %j', async (settings, commands) => {
    const { device, communicator, ignored } = await setUp({}, settings);
    await communicator.initialize();
    expect(device.commands.slice(1)).toEqual(commands);
    expect(ignored).toEqual([]);
  });

  test('reports that XON/XOFF from the device does not go together with RTS/CTS', async () => {
    const { device, communicator, ignored } = await setUp({}, { rtscts: true, xon: true, xoff: true });
    await communicator.initialize();
    await echo(communicator, Uint8Array.of(1));
    expect(device.commands.slice(-2)).toEqual(['5 3', '5 15']);
    expect(ignored).toEqual([{ setting: 'xon', requested: true, actual: false }]);
  });

  test('sets DTR and RTS only if the connection says so, both in one write', async () => {
    const { device, communicator } = await setUp({}, { dtr: false });
    await communicator.initialize();
    expect(device.commands.slice(-2)).toEqual(['5 9', '5 11']);
    expect(device.chunks).toHaveLength(3);
  });

  test('works with a server that asks first, and answers only what has not been agreed to', async () => {
    // As ser2net begins.
    const greeting = Buffer.from('fffb03fffd03fffb01fffe01fffd00fffb00fffd2c', 'hex');
    const { device, communicator, ignored } = await setUp({ greeting, refusedOptions: [] });
    await communicator.initialize();
    expect(await echo(communicator, Uint8Array.of(255, 13, 0, 255))).toEqual(Uint8Array.of(255, 13, 0, 255));
    // It refuses that the server echoes, and answers nothing else: it has asked for the same.
    expect(device.negotiations.filter((each) => !each.startsWith('will') && !each.startsWith('do '))).toEqual([
      'dont 1',
    ]);
    expect(ignored).toEqual([]);
  });

  test('discards what the device sends before the line is set, at a baud rate that may be wrong', async () => {
    const { device, communicator } = await setUp({ greeting: Buffer.of(1, 2, 3, 0, 255, 255) });
    await communicator.initialize();
    await echo(communicator, Uint8Array.of(7));
    expect(communicator.stats('arm')).toMatchObject({ packetsReceived: 1, malformedFrames: 0 });
    await device.sendPacket(Uint8Array.of(8));
  });

  test('reports settings that the server does not answer, and opens', async () => {
    const { communicator, ignored } = await setUp({ silentCommands: [1, 2, 3, 4, 5] }, { openTimeoutMs: 2_000 });
    await communicator.initialize();
    expect(await echo(communicator, Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    expect(ignored).toEqual([
      { setting: 'baudRate', requested: 115_200, actual: undefined },
      { setting: 'dataBits', requested: 8, actual: undefined },
      { setting: 'parity', requested: 'none', actual: undefined },
      { setting: 'stopBits', requested: 1, actual: undefined },
      { setting: 'flowControl', requested: 'none', actual: undefined },
    ]);
  });

  test('reports settings that the server sets to another value', async () => {
    const answers = new Map([
      [2, [8]],
      [3, [9]],
      [4, [1]],
      [5, [2]],
    ]);
    const { communicator, ignored } = await setUp(
      { answer: (command, value) => answers.get(command) ?? value },
      { dataBits: 7, parity: 'even', stopBits: 2 },
    );
    await communicator.initialize();
    await echo(communicator, Uint8Array.of(1));
    expect(ignored).toEqual([
      { setting: 'dataBits', requested: 7, actual: 8 },
      { setting: 'parity', requested: 'even', actual: '9' },
      { setting: 'stopBits', requested: 2, actual: 1 },
      { setting: 'flowControl', requested: 'none', actual: 'xon/xoff' },
    ]);
  });

  test('understands answers that are longer than they should be', async () => {
    // sredird on a machine with 64 bits answers a baud rate with 8 bytes.
    const answer = (_: number, value: readonly number[]) => [...value, 0, 0, 0, 0];
    const { communicator, ignored } = await setUp({ answer });
    await communicator.initialize();
    expect(communicator.connectionState('arm')).toBe('connected');
    await echo(communicator, Uint8Array.of(1));
    expect(ignored).toEqual([]);
  });

  test('accepts a baud rate that is almost the requested one, and shows it', async () => {
    const { communicator, ignored } = await setUp({
      answer: (command, value) => (command === 1 ? [0, 1, 196, 0] : value),
    });
    const connected: number[] = [];
    communicator.on('connected', ({ baudRate }) => connected.push(baudRate!));
    await communicator.initialize();
    await echo(communicator, Uint8Array.of(1));
    expect(connected).toEqual([115_712]);
    expect(ignored).toEqual([]);
  });

  test('fails with BAUD_RATE_UNSUPPORTED if the server sets another baud rate', async () => {
    const { communicator } = await setUp({ answer: (command, value) => (command === 1 ? [0, 0, 37, 128] : value) });
    expect(await failure(communicator)).toMatchObject({
      code: 'BAUD_RATE_UNSUPPORTED',
      message: expect.stringContaining('has set 9600 bit/s'),
    });
  });

  test('reports a server that does not agree to pass on all bytes unchanged', async () => {
    const { communicator, ignored } = await setUp({ refusedOptions: [0] });
    await communicator.initialize();
    const packet = Uint8Array.of(13, 10, 13, 0, 255);
    expect(await echo(communicator, packet)).toEqual(packet);
    expect(ignored).toEqual([{ setting: 'binary', requested: true, actual: false }]);
  });

  test.each<[string, ServerBehavior]>([
    ['passes on raw bytes', { isRaw: true }],
    ['passes on raw bytes of a device that sends back all of them', { isRaw: true, echoesRaw: true }],
  ])('fails if the server %s, and suggests tcp://', async (_what, behavior) => {
    const { device, communicator } = await setUp(behavior, { openTimeoutMs: 1_000 });
    const error = await failure(communicator);
    expect(error.code).toBe('PORT_OPEN_FAILED');
    expect(error.message).toContain('does not answer in telnet');
    expect(error.message).toContain(`use ${device.path.replace('rfc2217', 'tcp')}`);
    // Nothing but the questions, once.
    expect(device.data.subarray(0, 3)).toEqual(WILL_COM_PORT);
    expect(device.data).toHaveLength(15);
  });

  test('fails if the server speaks telnet but refuses RFC 2217', async () => {
    const { communicator } = await setUp({ refusedOptions: [44] });
    expect(await failure(communicator)).toMatchObject({
      code: 'PORT_OPEN_FAILED',
      message: expect.stringContaining('refuses RFC 2217'),
    });
  });

  test.each([
    ['Port already in use\r\n', 'PORT_BUSY'],
    ['Device open failure: Object was already in use\r\n', 'PORT_BUSY'],
    ['Device open failure: Value or file not found\r\n', 'PORT_OPEN_FAILED'],
  ])('shows what a server says before it closes the connection: %j', async (text, code) => {
    // ser2net agrees to RFC 2217 before that.
    const greeting = Buffer.concat([Buffer.from('fffb03fffd2c', 'hex'), Buffer.from(text)]);
    const { communicator } = await setUp({ greeting, closesAtOnce: true });
    const error = await failure(communicator);
    expect(error.code).toBe(code);
    expect(error.message).toContain(JSON.stringify(text.trim()));
  });

  test('fails with PORT_BUSY if the server closes the connection without a word', async () => {
    const { communicator } = await setUp({ closesAtOnce: true });
    expect(await failure(communicator)).toMatchObject({
      code: 'PORT_BUSY',
      message: expect.stringContaining('the server closed the connection; '),
    });
  });

  test('ends in time, whatever the server does not do', async () => {
    const { communicator } = await setUp(
      { silentCommands: [1, 2, 3, 4, 5], refusedOptions: [6] },
      { openTimeoutMs: 800, dtr: false },
    );
    await communicator.initialize();
    expect(communicator.connectionState('arm')).toBe('connected');
  });
});
