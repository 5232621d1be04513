import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { SerialCommunicator } from 'serial-communicator';
import { describe, expect, onTestFinished, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { startLinkDevice } from '../../support/link-device.js';
import { jsonLines, start } from '../../support/sercom-process.js';
import { serve } from '../../support/serve-rig.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestPort, write } from '../../support/test-port.js';

/** "hello". */
const HELLO = '0668656c6c6f00';
/** The packet 00 ff ff 11. */
const BINARY = '0104ffff1100';

/** Connects to a Unix socket as soon as a server listens there. */
async function connectWhenReady(target: string): Promise<Socket> {
  for (;;) {
    const socket = connect({ path: target });
    try {
      await once(socket, 'connect');
      onTestFinished(() => void socket.destroy());
      return socket;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A communicator with one connection, `arm`, and the packets that it receives, in hex. It is shut down with the test. */
function newCommunicator(connection: Parameters<SerialCommunicator['addConnection']>[1]) {
  const communicator = new SerialCommunicator();
  onTestFinished(() => communicator[Symbol.asyncDispose]());
  const packets: string[] = [];
  communicator.setReceiveHandler((_, packet) => packets.push(Buffer.from(packet).toString('hex')));
  communicator.addConnection('arm', connection);
  return { communicator, packets };
}

describe.skipIf(!has('socat'))('clients of sercom serve that are ours (needs socat)', () => {
  test('monitor, beside a program that uses the port', async () => {
    const port = await openTestPort();
    const { tcpPort, client } = await serve(port.path);
    const program = await client();
    const monitor = start('monitor', `arm=tcp://127.0.0.1:${tcpPort}`, '--json', '-n', '2');
    program.send(HELLO);
    await port.arrived(8);
    // The first packet is not skipped as if it were the tail of a frame; the monitor may join after it was sent.
    const sending = setInterval(() => write(port.device, `${HELLO}${BINARY}`), 50);
    onTestFinished(() => clearInterval(sending));
    const { stdout, code } = await monitor.outcome();
    expect(jsonLines(stdout)).toMatchObject([{ hex: '68656c6c6f' }, { hex: '00ffff11' }]);
    expect(code).toBe(0);
  });

  test('two communicators over tcp://', async () => {
    const port = await openTestPort();
    const raw = await serve(port.path);
    const one = newCommunicator({ path: `tcp://127.0.0.1:${raw.tcpPort}` });
    const two = newCommunicator({ path: `tcp://127.0.0.1:${raw.tcpPort}` });
    await Promise.all([one.communicator.initialize(), two.communicator.initialize()]);
    await one.communicator.send('arm', Buffer.from('00ffff11', 'hex'));
    expect(await port.arrived(7)).toBe(`00${BINARY}`);
    await two.communicator.send('arm', Buffer.from('hello'));
    expect(await port.arrived(14)).toBe(`00${BINARY}${HELLO}`);
    write(port.device, BINARY);
    while (one.packets.length + two.packets.length < 2) {
      await new Promise(setImmediate);
    }
    expect([one.packets, two.packets]).toEqual([['00ffff11'], ['00ffff11']]);
  });

  test('monitor over unix://', async () => {
    const port = await openTestPort();
    const socket = path.join(await temporaryFolder(), 'arm.sock');
    const { process } = await serve(port.path, '--unix', socket);
    const monitor = start('monitor', `arm=unix://${socket}`, '--json', '-n', '1');
    await process.complained(/client 1 connected/);
    write(port.device, HELLO);
    expect(jsonLines((await monitor.outcome()).stdout)).toMatchObject([{ hex: '68656c6c6f' }]);
  });

  test('a communicator over rfc2217://, which sets the baud rate', async () => {
    const port = await openTestPort();
    const { tcpPort, process } = await serve(port.path, '--rfc2217');
    // The driver discards what is on its way when the baud rate changes.
    await port.arrived(1);
    const { communicator, packets } = newCommunicator({ path: `rfc2217://127.0.0.1:${tcpPort}`, baudRate: 57_600 });
    await communicator.initialize();
    await process.complained(/client 1 \S+ set 57600 bit\/s, 8N1\n/);
    await communicator.send('arm', Buffer.from('00ffff11', 'hex'));
    expect(await port.arrived(7)).toBe(`00${BINARY}`);
    write(port.device, BINARY);
    while (packets.length === 0) {
      await new Promise(setImmediate);
    }
    expect(packets).toEqual(['00ffff11']);
  });

  test.each([
    ['sets the control lines of a simulated board', 'sim:', []],
    [
      'hears that a port has no control lines',
      undefined,
      [{ name: 'arm', setting: 'dtr', requested: false, actual: true }],
    ],
  ])('a communicator over rfc2217:// %s', async (_, path, expected) => {
    const { tcpPort } = await serve(path ?? (await openTestPort()).path, '--rfc2217');
    const { communicator } = newCommunicator({ path: `rfc2217://127.0.0.1:${tcpPort}`, baudRate: 115_200 });
    const ignored: unknown[] = [];
    communicator.on('settingIgnored', (event) => ignored.push(event));
    await communicator.initialize();
    await communicator.setSignals('arm', { dtr: false });
    await communicator.setSignals('arm', { dtr: true });
    expect(ignored).toEqual(expected);
  });
});

describe.skipIf(!has('cc'))('acknowledged delivery through sercom serve (needs cc)', () => {
  test('one client has the session, and a monitor listens', async () => {
    const device = await startLinkDevice();
    const { tcpPort, process } = await serve(device.path, '--delivery', 'acknowledged');
    const monitor = start('monitor', `arm=tcp://127.0.0.1:${tcpPort}`, '--delivery', 'listen', '--json');
    await process.complained(/client 1 /);
    const { communicator, packets } = newCommunicator({ path: `tcp://127.0.0.1:${tcpPort}`, delivery: 'acknowledged' });
    await communicator.initialize();
    for (let number = 0; number < 20; number++) {
      await communicator.send('arm', Buffer.from(`packet ${number}`));
    }
    expect(communicator.stats('arm').delivery).toMatchObject({ packetsDelivered: 20 });
    await device.tell('send 1b5b33316d');
    await monitor.printed(/"hex":"1b5b33316d"/);
    while (packets.at(-1) !== '1b5b33316d') {
      await new Promise(setImmediate);
    }
    process.child.kill('SIGINT');
    expect((await process.outcome()).code).toBe(0);
    monitor.child.kill('SIGINT');
    await monitor.outcome();
  });
});

describe.skipIf(!has('ser2net'))("ser2net's client (needs ser2net)", () => {
  test.each([
    ['telnet(rfc2217)', ['--rfc2217']],
    ['raw', []],
  ] as const)('%s', async (protocol, options) => {
    const port = await openTestPort();
    const { tcpPort } = await serve(port.path, ...options);
    const folder = await temporaryFolder();
    const socketPath = path.join(folder, 'ser2net.sock');
    const connector = protocol === 'raw' ? '' : `${protocol},`;
    await writeFile(
      path.join(folder, 'ser2net.yaml'),
      `connection: &arm\n  accepter: unix,${socketPath}\n  connector: ${connector}tcp,127.0.0.1,${tcpPort}\n`,
    );
    const ser2net = spawn('ser2net', ['-n', '-c', path.join(folder, 'ser2net.yaml')], { stdio: 'ignore' });
    onTestFinished(() => void ser2net.kill('SIGKILL'));
    const client = await connectWhenReady(socketPath);
    client.write(Buffer.from(BINARY, 'hex'));
    expect(await port.arrived(7)).toBe(`00${BINARY}`);
    write(port.device, BINARY);
    const received: Buffer[] = [];
    while (Buffer.concat(received).length < 7) {
      received.push(...((await once(client, 'data')) as Buffer[]));
    }
    expect(Buffer.concat(received).toString('hex')).toBe(`00${BINARY}`);
  });
});
