import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Certificate } from '../../../test/support/certificates.js';
import { has } from '../../../test/support/tools.js';
import { isPort } from '../../src/ports/port-or-file.js';
import { run } from '../support/sercom-process.js';

/** A server that does this with each connection. Returns its port. */
async function serve(serveClient: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    serveClient(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  return (server.address() as { port: number }).port;
}

const echo = (socket: Socket) => void socket.pipe(socket);

describe('a port on the network', () => {
  test('is pinged, without a line rate unless one is given', async () => {
    const path = `tcp://127.0.0.1:${await serve(echo)}`;
    const pinged = async (port: string) =>
      JSON.parse((await run('ping', port, '-n', '3', '--interval', '0', '--json')).stdout);
    expect(await pinged(path)).toMatchObject({ received: 3, lineBytesPerSecond: null });
    expect(await pinged(`arm=${path}@9600`)).toMatchObject({ received: 3, lineBytesPerSecond: 960 });
    const { stdout } = await run('ping', path, '-n', '3', '--interval', '0');
    expect(stdout).toMatch(/^3 packets sent to tcp:\/\/127\.0\.0\.1:\d+, 3 received/);
    expect(stdout).toMatch(/^throughput: .*\/s in each direction$/m);
  });

  test('is monitored, and reconnects when the server closes the connection', async () => {
    let connections = 0;
    const port = await serve((socket) => {
      socket.write(Buffer.from([2, 0x40 + ++connections, 0]));
      if (connections === 1) {
        // The delimiter, which is written when the port is in use.
        socket.once('data', () => socket.end());
      }
    });
    const { code, stdout, stderr } = await run('monitor', `arm=tcp://127.0.0.1:${port}`, '--no-skip-first', '-n', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/arm {2}rx {6}1 {2}41 .*\n.*arm {2}rx {6}1 {2}42 /);
    expect(stderr).toContain(
      `connection "arm" (tcp://127.0.0.1:${port}): disconnected (the server closed the connection); check that the server runs`,
    );
    expect(stderr).toContain(`"arm" connected (tcp://127.0.0.1:${port})`);
  });

  test('gets the options of the line only if it has one: they are dropped, and reported, if other ports use them', async () => {
    const path = `tcp://127.0.0.1:${await serve(echo)}`;
    const alone = await run('send', path, '--text', 'x', '--parity', 'even', '--dtr', 'off');
    expect(alone).toMatchObject({ code: 2 });
    expect(alone.stderr).toBe(
      `sercom: --parity cannot be used with ${path}, which has no line settings; use rfc2217:// if the server speaks it\n`,
    );
    const mixed = await run('monitor', path, 'sim:', '--stop-bits', '2', '-n', '1');
    expect(mixed.code).toBe(0);
    expect(mixed.stderr).toContain(`sercom: --stop-bits will not be used for ${path}, which has no line settings\n`);
  });

  test.skipIf(!has('openssl'))('speaks TLS with the files of the options (needs openssl)', async () => {
    const certificate = new Certificate('localhost');
    const { key, cert, certFile, keyFile } = certificate;
    const server = createTlsServer({ key, cert, ca: cert, requestCert: true }, (socket) => {
      socket.on('error', () => {}).pipe(socket);
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      certificate.remove();
    });
    const path = `tls://localhost:${(server.address() as { port: number }).port}`;
    const files = ['--tls-ca', certFile, '--tls-cert', certFile, '--tls-key', keyFile];
    const { code, stdout } = await run('send', path, '--text', 'hi', '--wait', '1', ...files);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/rx +2 {2}68 69 /) });
    const refused = await run('send', path, '--text', 'hi');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /: TLS failed: self[- ]signed certificate; check --tls-ca, --tls-cert and --tls-key$/m,
    );
  });

  test('is suggested if the command was left out', async () => {
    const { code, stderr } = await run('tcp://host:4000');
    expect(code).toBe(2);
    expect(stderr).toContain('(Did you mean "sercom monitor tcp://host:4000"?)');
  });

  test('is no file, whatever it is called', async () => {
    expect(await isPort('tcp://capture.log:4000')).toBe(true);
    expect(await isPort('unix:///run/arm.log')).toBe(true);
  });

  test('can be completed', async () => {
    const { stdout } = await run('completion', 'ports');
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['tcp://', 'tls://', 'rfc2217://', 'unix://', 'sim:']));
  });
});
