import { SerialCommunicator } from 'serial-communicator';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canMakeNamespaces, NetworkNamespace } from '../../../../test/support/network-namespace.js';
import { has } from '../../../../test/support/tools.js';
import { startLinkDevice } from '../../support/link-device.js';
import { serve } from '../../support/serve-rig.js';
import { openTestPort, write } from '../../support/test-port.js';

/** What the documentation promises, and how much later it may be on a busy machine. */
const LIMIT_MS = 15_000;
const LATE = 1.5;

const ANYWHERE = ['--tcp', '0.0.0.0:0'];

/** Connects to servers, and sends a frame to each. Prints a line when all are connected. */
function clients(host: string, ports: readonly number[]): string {
  return `
const { connect } = require('node:net');
let missing = ${ports.length};
for (const port of ${JSON.stringify(ports)}) {
  const socket = connect(port, '${host}', () => {
    socket.write(Buffer.from('020100', 'hex'));
    if (--missing === 0) console.log('connected');
  });
  socket.on('error', () => {});
}`;
}

describe.skipIf(!canMakeNamespaces || !has('cc') || !has('socat'))(
  'a client of sercom serve whose packets are dropped (needs ip, nft, root, cc, socat, Linux)',
  () => {
    test('is noticed while bytes are on the way to it and while not, and then another one can have the session', {
      timeout: 3 * LIMIT_MS,
    }, async () => {
      const host = new NetworkNamespace();
      onTestFinished(() => host.remove());
      const port = await openTestPort();
      const busy = await serve(port.path, ...ANYWHERE);
      const device = await startLinkDevice();
      const idle = await serve(device.path, ...ANYWHERE, '--delivery', 'acknowledged');
      await host.node(clients(host.hereIpv4, [busy.tcpPort, idle.tcpPort]));
      await port.arrived(4);
      (await idle.client()).send('020200');
      await idle.process.complained(/with --delivery acknowledged one client can send, and client 1 \S+ was first/);
      host.vanish();
      const vanishedAtMs = performance.now();
      const sending = setInterval(() => write(port.device, '026800'), 100);
      onTestFinished(() => clearInterval(sending));
      const late = ({ process }: typeof busy) =>
        process.complained(/client 1 \S+ vanished; /).then(() => performance.now() - vanishedAtMs);
      const times = await Promise.all([late(busy), late(idle)]);
      expect(Math.max(...times)).toBeLessThan(LATE * LIMIT_MS);

      const serial = new SerialCommunicator();
      onTestFinished(() => serial[Symbol.asyncDispose]());
      serial.addConnection('arm', { path: `tcp://127.0.0.1:${idle.tcpPort}`, delivery: 'acknowledged' });
      await serial.initialize();
      await serial.send('arm', Buffer.from('hello'));
      expect(serial.stats('arm').delivery).toMatchObject({ packetsDelivered: 1 });
    });
  },
);
