import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type ConnectionError,
  InitializeError,
  SerialCommunicator,
  type SerialConnection,
} from '../../../src/index.js';
import { TcpDevice } from '../../support/tcp-device.js';
import { has } from '../../support/tools.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
  }
});

/** A server that does this to each client. Returns its port. */
async function serve(serveClient: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serveClient(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port where nothing listens. */
async function freePort(): Promise<number> {
  const port = await serve(() => {});
  const server = servers.pop()!;
  server.close();
  await once(server, 'close');
  return port;
}

async function errorOf(connection: SerialConnection): Promise<ConnectionError> {
  const serial = new SerialCommunicator();
  serial.addConnection('arm', connection);
  const error = await serial.initialize().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(InitializeError);
  return (error as InitializeError).errors[0]!;
}

describe('opening a connection over TCP', () => {
  test('PORT_BUSY when the server refuses: nothing listens', async () => {
    const port = await freePort();
    const error = await errorOf({ path: `tcp://127.0.0.1:${port}` });
    expect(error.code).toBe('PORT_BUSY');
    expect(error.message).toBe(
      `connection "arm" (tcp://127.0.0.1:${port}): 127.0.0.1 refused the connection: nothing listens on port ${port}, or the ` +
        'server accepts no second client; check the port number, that the server (ser2net, for example) runs, and that ' +
        'no other program is connected',
    );
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('PORT_BUSY for a name with several addresses, all of which refuse', async () => {
    const port = await freePort();
    expect(await errorOf({ path: `tcp://localhost:${port}` })).toMatchObject({
      code: 'PORT_BUSY',
      message: expect.stringContaining(`localhost refused the connection: nothing listens on port ${port}`),
    });
  });

  test('PORT_BUSY with what the server said, when it closes the connection at once, as ser2net does', async () => {
    const port = await serve((socket) => socket.end('Port already in use\r\n'));
    expect(await errorOf({ path: `tcp://127.0.0.1:${port}` })).toMatchObject({
      code: 'PORT_BUSY',
      message: expect.stringContaining(
        ': the server closed the connection at once after "Port already in use"; probably another program is connected, or ' +
          'the server has not noticed that an earlier connection is dead: close that program, or let the server replace its ' +
          'client (in ser2net, "kickolduser: true")',
      ),
    });
  });

  test('PORT_BUSY when the server resets the connection at once', async () => {
    const port = await serve((socket) => socket.resetAndDestroy());
    expect(await errorOf({ path: `tcp://127.0.0.1:${port}` })).toMatchObject({
      code: 'PORT_BUSY',
      message: expect.stringContaining(': the server closed the connection at once; probably another program'),
    });
  });

  test('PORT_NOT_FOUND when the name cannot be resolved', async () => {
    const error = await errorOf({ path: 'tcp://no-such-host.invalid:4000', openTimeoutMs: 30_000 });
    expect(error.code).toBe('PORT_NOT_FOUND');
    expect(error.message).toMatch(
      /: the host name "no-such-host\.invalid" cannot be resolved; check its spelling, or use the IP/,
    );
  });

  test('PORT_OPEN_FAILED with the reason for any other error', async () => {
    // A part of the path is not a folder.
    const error = await errorOf({ path: `unix://${import.meta.filename}/arm.sock` });
    expect(error.code).toBe('PORT_OPEN_FAILED');
    expect(error.message).toContain('ENOTDIR');
  });

  test.skipIf(!has('python3'))('OPEN_TIMEOUT when nothing answers, and no socket is left (needs python3)', async () => {
    // Its queue holds one connection, which it never accepts. The kernel drops the requests for others.
    const program =
      'import socket,time;s=socket.create_server(("127.0.0.1",0),backlog=0);print(s.getsockname()[1],flush=True);time.sleep(600)';
    const python = spawn('python3', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void python.kill());
    const [line] = await once(createInterface({ input: python.stdout }), 'line');
    const port = Number(line);
    const queued = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    onTestFinished(() => {
      for (const socket of queued) {
        socket.on('error', () => {}).destroy();
      }
    });
    await once(queued[0]!, 'connect');
    const before = socketCount();
    const startedAt = performance.now();
    const error = await errorOf({ path: `tcp://127.0.0.1:${port}`, openTimeoutMs: 300 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
    expect(error).toMatchObject({
      code: 'OPEN_TIMEOUT',
      message:
        `connection "arm" (tcp://127.0.0.1:${port}): did not open within 300 ms; check the address, that 127.0.0.1 is ` +
        `switched on, and that no firewall blocks port ${port}; or raise openTimeoutMs`,
    });
    await vi.waitFor(() => expect(socketCount()).toBe(before));
  });

  test('opens when the server does, without baudRate, and reports the address', async () => {
    const device = await TcpDevice.listen();
    onTestFinished(() => device.close());
    const serial = new SerialCommunicator();
    serial.addConnection('arm', { path: device.path });
    const connected = once(serial as never, 'connected').then(([event]) => event);
    await serial.initialize();
    expect(await connected).toMatchObject({
      name: 'arm',
      path: device.path,
      baudRate: undefined,
      info: { path: device.path },
    });
    await serial.shutdown();
  });
});

/** Number of open TCP sockets of this process. */
function socketCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}

describe.skipIf(process.platform === 'win32')('opening a socket of this machine', () => {
  async function socketFile(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'socket-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    return path.join(folder, 'arm.sock');
  }

  test('exchanges packets', async () => {
    const file = await socketFile();
    const server = createServer((socket) => socket.pipe(socket));
    servers.push(server);
    server.listen(file);
    await once(server, 'listening');
    const serial = new SerialCommunicator();
    serial.addConnection('arm', { path: `unix://${file}` });
    const echoed = new Promise<Uint8Array>((resolve) => serial.setReceiveHandler((_, packet) => resolve(packet)));
    await serial.initialize();
    await serial.send('arm', Uint8Array.of(1, 2, 3));
    expect(await echoed).toEqual(Uint8Array.of(1, 2, 3));
    await serial.shutdown();
  });

  test('PORT_NOT_FOUND without a socket, and PORT_BUSY when nothing listens', async () => {
    const file = await socketFile();
    expect(await errorOf({ path: `unix://${file}` })).toMatchObject({
      code: 'PORT_NOT_FOUND',
      message: `connection "arm" (unix://${file}): there is no socket ${file}; check the path, and that the server runs`,
    });
    await writeFile(file, '');
    expect(await errorOf({ path: `unix://${file}` })).toMatchObject({
      code: 'PORT_BUSY',
      message: `connection "arm" (unix://${file}): nothing listens on ${file}; start the server again`,
    });
  });

  test('refuses a relative path', async () => {
    const serial = new SerialCommunicator();
    expect(() => serial.addConnection('arm', { path: 'unix://arm.sock' })).toThrow(
      'path is "unix://arm.sock": the path is not absolute; expected unix:///PATH, for example unix:///run/arm.sock',
    );
  });
});

test.each(['shutdown', 'release'] as const)('%s ends an attempt to open, and leaves no socket', async (how) => {
  const port = await freePort();
  const serial = new SerialCommunicator({ shutdownTimeoutMs: 60_000 });
  const settings = { openTimeoutMs: 60_000, required: false, reconnect: { maxDelayMs: 10, minDelayMs: 10 } };
  serial.addConnection('arm', { path: `tls://127.0.0.1:${port}`, ...settings });
  await serial.initialize();
  // It accepts the connection, and says nothing in TLS.
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket.on('error', () => {}).resume()));
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await vi.waitFor(() => expect(accepted).toHaveLength(1));
  const failures = serial.stats('arm').openFailures;
  const closed = once(accepted[0]!, 'close');
  await (how === 'release' ? serial.connection('arm').release() : serial.shutdown());
  await closed;
  expect(serial.stats('arm')).toMatchObject({ opens: 0, openFailures: failures });
  await serial[Symbol.asyncDispose]();
});
