import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator } from '../../../src/index.js';
import { describeEchoSuite } from '../../echo-suite.js';
import { openPtyPair, PtyEchoDevice } from '../../support/pty-pair.js';
import { SER2NET, startSer2net } from '../../support/ser2net.js';
import { has } from '../../support/tools.js';

const skip = SER2NET === undefined || !has('socat');

/** A device behind ser2net. */
async function openSer2net(accepter = 'tcp', lines: string[] = []) {
  const pair = await openPtyPair();
  const device = new PtyEchoDevice(pair.devicePath);
  const server = await startSer2net(pair.hostPath, accepter, { lines });
  return {
    connection: { path: `tcp://127.0.0.1:${server.port}` as const },
    async dispose() {
      await server.close();
      await device.close();
      await pair.close();
    },
  };
}

/** What docs/network.md tells users to write into the configuration of ser2net. */
function documentedSer2net() {
  const guide = readFileSync('docs/network.md', 'utf8');
  const [, raw = '', options = ''] = /^ {2}accepter: (\S+),4000\n.*\n {2}options:\n((?: {4}.*\n)+)/m.exec(guide) ?? [];
  const [, telnet = ''] = /`accepter: (telnet\S+),4000`/.exec(guide) ?? [];
  return { raw, telnet, lines: options.trim().split(/\n */) };
}

/** A server of socat that starts `cat` for each client. */
async function openSocat() {
  const socat = spawn('socat', ['-d', '-d', 'TCP4-LISTEN:0,bind=127.0.0.1,fork,nodelay', 'EXEC:cat'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const port = await new Promise<string>((resolve, reject) => {
    let log = '';
    socat.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const [, found] = /listening on .*:(\d+)\n/.exec(log) ?? [];
      if (found !== undefined) {
        resolve(found);
      }
    });
    socat.once('exit', () => reject(new Error(`socat exited:\n${log}`)));
  });
  return {
    connection: { path: `tcp://127.0.0.1:${port}` as const },
    dispose: async () => void socat.kill(),
  };
}

describeEchoSuite('ser2net 4 in raw mode (needs ser2net, socat)', () => openSer2net(), {
  largestPacketBytes: 65_536,
  skip,
});
describeEchoSuite('a server of socat (needs socat)', openSocat, { largestPacketBytes: 65_536, skip: !has('socat') });

describe.skipIf(skip)('ser2net (needs ser2net, socat)', () => {
  test('has one client: a second one fails with PORT_BUSY, and connects when the first has gone', async () => {
    const { connection, dispose } = await openSer2net();
    onTestFinished(dispose);
    const first = new SerialCommunicator();
    first.addConnection('arm', connection);
    await first.initialize();
    const second = new SerialCommunicator();
    second.addConnection('arm', { ...connection, required: false, reconnect: { maxDelayMs: 200 } });
    await second.initialize();
    onTestFinished(async () => {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    });
    expect(second.connectionError('arm')).toMatchObject({
      code: 'PORT_BUSY',
      message: expect.stringMatching(
        /: the server closed the connection at once after ".*in use"; probably .* "kickolduser: true"\)$/,
      ),
    });
    const connected = second.ready('arm');
    await first.shutdown();
    await connected;
    expect(second.stats('arm').losses).toBe(0);
  });

  test.each(['tcp', 'rfc2217'] as const)('as documented, replaces a client with a new one: %s', async (scheme) => {
    const { raw, telnet, lines } = documentedSer2net();
    const { connection, dispose } = await openSer2net(scheme === 'tcp' ? raw : telnet, lines);
    onTestFinished(dispose);
    const path = connection.path.replace('tcp', scheme);
    const clients = ['first', 'second'].map((name) => {
      const serial = new SerialCommunicator();
      serial.addConnection(name, { path, baudRate: 115_200, reconnect: false });
      onTestFinished(() => serial[Symbol.asyncDispose]());
      return serial;
    });
    const [first, second] = clients as [SerialCommunicator, SerialCommunicator];
    await first.initialize();
    // As after a failure of the network, its connection does not end from this side.
    const lost = new Promise<string>((resolve) => first.on('disconnected', ({ error }) => resolve(error.code)));
    await second.initialize();
    expect(await lost).toBe('CONNECTION_LOST');
    const packet = Uint8Array.of(0, 13, 255);
    expect(await second.request('second', packet, { matches: () => true, timeoutMs: 15_000 })).toEqual(packet);
  });
});
