import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { run } from '../../support/sercom-process.js';
import { RawClient, serve } from '../../support/serve-rig.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestPort, write } from '../../support/test-port.js';

/** A path of 108 bytes. */
const TOO_LONG = `/tmp/${'x'.repeat(103)}`;

const HI = '03686900';

describe.skipIf(!has('socat'))('where sercom serve listens (needs socat)', () => {
  test('--unix is a socket that only the user can open, and is removed at the end', async () => {
    const port = await openTestPort();
    const socket = path.join(await temporaryFolder(), 'arm.sock');
    const { client, process } = await serve(port.path, '--unix', socket);
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    const one = await client({ path: socket });
    one.send(HI);
    expect(await port.arrived(5)).toBe(`00${HI}`);
    write(port.device, HI);
    expect(await one.received(/.00$/)).toBe(`00${HI}`);
    process.child.kill('SIGINT');
    await process.outcome();
    await expect(stat(socket)).rejects.toThrow('ENOENT');
  });

  test('--unix and --tcp can be used together', async () => {
    const port = await openTestPort();
    const socket = path.join(await temporaryFolder(), 'arm.sock');
    const { client, tcpPort } = await serve(port.path, '--tcp', '0', '--unix', socket);
    const [one, two] = [await client({ path: socket }), await client()];
    expect(tcpPort).toBeGreaterThan(0);
    write(port.device, HI);
    await one.received(/.00$/);
    await two.received(/.00$/);
  });

  test('--unix replaces a socket that nothing listens on any more', async () => {
    const port = await openTestPort();
    const socket = path.join(await temporaryFolder(), 'arm.sock');
    const first = await serve(port.path, '--unix', socket);
    first.process.child.kill('SIGKILL');
    await first.process.outcome();
    expect((await stat(socket)).isSocket()).toBe(true);
    const { client } = await serve(port.path, '--unix', socket);
    await client({ path: socket });
  });

  test('--unix keeps a socket in use, and a file', async () => {
    const folder = await temporaryFolder();
    const socket = path.join(folder, 'arm.sock');
    const server = createServer().listen(socket);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const inUse = await run('serve', 'sim:', '--unix', socket);
    expect(inUse.stderr).toBe(`sercom: --unix ${socket}: another program listens there; choose another path\n`);
    expect(inUse.code).toBe(1);
    const file = path.join(folder, 'notes');
    await writeFile(file, 'mine');
    const notSocket = await run('serve', 'sim:', '--unix', file);
    expect(notSocket.stderr).toBe(`sercom: --unix ${file}: it exists and is not a socket; choose another path\n`);
    expect((await stat(file)).size).toBe(4);
  });

  test.each([
    ['', '--unix: the path is empty; name a socket, for example /run/user/1000/arm.sock'],
    [TOO_LONG, `--unix ${TOO_LONG}: the path is longer than 107 bytes, so no socket can have it; name a shorter one`],
  ])('--unix refuses a path that no socket can have: %s', async (given, message) => {
    const { stderr, code } = await run('serve', 'sim:', '--unix', given);
    expect(stderr).toBe(`sercom: ${message}\n`);
    expect(code).toBe(2);
  });

  test('--tcp with another address than loopback warns', async () => {
    const port = await openTestPort();
    const { process, client } = await serve(port.path, '--tcp', '0.0.0.0:0');
    expect(process.stderr).toMatch(
      /^sercom: warning: other machines can connect to 0\.0\.0\.0:\d+, without encryption /,
    );
    await client();
    const loopback = await serve((await openTestPort()).path, '--tcp', '127.0.0.1:0');
    expect(loopback.process.stderr).not.toContain('warning');
  });

  test('--tcp with an IPv6 address', async () => {
    const port = await openTestPort();
    const { process, tcpPort } = await serve(port.path, '--tcp', '[::1]:0');
    expect(process.stderr).toMatch(/^sercom: serving \S+ on \[::1\]:\d+; /);
    const one = new RawClient({ host: '::1', port: tcpPort });
    one.send(HI);
    expect(await port.arrived(5)).toBe(`00${HI}`);
  });

  test('--tcp with a port that is used', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { stderr, code } = await run('serve', 'sim:', '--tcp', `${port}`);
    expect(stderr).toBe(`sercom: --tcp 127.0.0.1:${port}: another program listens there; choose another port\n`);
    expect(code).toBe(1);
  });

  test('requires --tcp or --unix', async () => {
    const { stderr, code } = await run('serve', 'sim:');
    expect(stderr).toBe('sercom: serve requires --tcp or --unix; for example --tcp 4000\n');
    expect(code).toBe(2);
  });

  test('a port that cannot be opened ends it before anyone can connect', async () => {
    const { stderr, code } = await run('serve', '/dev/ttyNothing', '--tcp', '0');
    expect(stderr).toMatch(/^sercom: connection "\/dev\/ttyNothing": no such port/);
    expect(stderr).not.toContain('serving');
    expect(code).toBe(1);
  });

  test('socat is a client', async () => {
    const port = await openTestPort();
    const { tcpPort, process } = await serve(port.path);
    const socat = spawn('socat', ['-', `TCP:127.0.0.1:${tcpPort}`]);
    onTestFinished(() => void socat.kill());
    await process.complained(/client 1 /);
    socat.stdin.write(Buffer.from(HI, 'hex'));
    expect(await port.arrived(5)).toBe(`00${HI}`);
    write(port.device, HI);
    const received: Buffer[] = [];
    while (Buffer.concat(received).length < 5) {
      received.push(...(await once(socat.stdout, 'data')));
    }
    expect(Buffer.concat(received).toString('hex')).toBe(`00${HI}`);
  });
});

describe.skipIf(!has('socat') || !has('python3'))('a port that comes back (needs socat and python3)', () => {
  test('clients stay connected', async () => {
    const { Pty } = await import('../../../../test/support/pty.js');
    const pty = new Pty();
    onTestFinished(() => pty.end());
    const link = path.join(await temporaryFolder(), 'ttyACM0');
    await pty.open(link);
    const { client, process } = await serve(`arm=${link}`);
    const one = await client();
    const read = async (bytes: number) => {
      let hex = '';
      while (hex.length < 2 * bytes) {
        hex += (await pty.read().catch(() => Buffer.alloc(0))).toString('hex');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return hex;
    };
    one.send(HI);
    expect(await read(5)).toBe(`00${HI}`);
    await pty.write(Buffer.from('0368', 'hex'));
    await pty.isRead();
    await pty.unlink();
    await pty.close();
    await process.complained(/^sercom: connection "arm" .*; reconnecting$/m);
    one.send(HI);
    await process.complained(/client 1 \S+: discarding what it sends: the port is disconnected\n/);
    await pty.open(link);
    await process.complained(/"arm" connected/);
    expect(await read(1)).toBe('00');
    one.send(HI);
    expect(await read(4)).toBe(HI);
    // The frame that the port has not finished is not joined to the next one.
    await pty.write(Buffer.from(HI, 'hex'));
    expect(await one.received(/.00$/)).toBe(`00${HI}`);
    process.child.kill('SIGINT');
    const { stderr, code } = await process.outcome();
    expect(stderr).toMatch(/sent 2 frames, received 1 frame, 1 frame discarded while the port was disconnected; /);
    expect(stderr).toMatch(/; 2 bytes of the device in no frame\n$/);
    expect(code).toBe(0);
  });

  test('clients can connect before it is there', async () => {
    const { Pty } = await import('../../../../test/support/pty.js');
    const pty = new Pty();
    onTestFinished(() => pty.end());
    const link = path.join(await temporaryFolder(), 'ttyACM0');
    const { client, process } = await serve(link, '--await-port');
    const one = await client();
    await pty.open(link);
    await process.complained(/ connected \(/);
    await pty.write(Buffer.from(HI, 'hex'));
    expect(await one.received(/.00$/)).toBe(`00${HI}`);
  });

  test('without reconnecting, the end of the port is the end of serve', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(port.path, '--no-reconnect');
    const one = await client();
    await port.unplug();
    const { code, stderr } = await process.outcome();
    await one.closed;
    expect(stderr).toMatch(/disconnected .*\n$/);
    expect(code).toBe(1);
  });
});
