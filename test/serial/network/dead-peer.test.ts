import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SerialCommunicator, type SerialSettings } from '../../../src/index.js';
import { canMakeNamespaces, NetworkNamespace } from '../../support/network-namespace.js';
import { TcpDevice } from '../../support/tcp-device.js';

/** Nothing is written, so nothing is in flight. */
const IDLE = { syncOnOpen: false };

/** What fills the buffers of a connection whose server reads nothing. */
const LARGE = { maxPacketBytes: 12_000_000, sendQueueBytes: 16_000_000 };

/** Sends back what it gets on one port, and reads nothing on the other. Prints both. */
const SERVERS = `
const { createServer } = require('node:net');
const echoing = createServer((socket) => socket.on('error', () => {}).pipe(socket));
const deaf = createServer({ pauseOnConnect: true }, (socket) => socket.on('error', () => {}));
echoing.listen(0, '::', () => deaf.listen(0, '::', () => console.log(echoing.address().port, deaf.address().port)));
`;

/** A busy machine is later than promised. */
const LATE = 1.5;

describe.skipIf(!canMakeNamespaces)('a server whose packets are dropped (needs ip, nft, root, Linux)', () => {
  let host: NetworkNamespace;
  let ports: string[];
  const serial = new SerialCommunicator({ defaults: { reconnect: false } });
  const lostAfterMs = new Map<string, number>();
  const messages = new Map<string, string>();
  let living: TcpDevice;

  /** The connections, and within which time a dead peer is to be noticed. */
  const cases: [name: string, limitMs: number, isIPv6: boolean, settings: SerialSettings, sends: number][] = [
    ['idle', 15_000, false, IDLE, 0],
    ['idle, noticed soon', 4_000, false, { ...IDLE, keepAliveMs: 4_000 }, 0],
    ['with bytes in flight', 15_000, false, {}, 1],
    ['with bytes in flight, noticed soon', 4_000, false, { keepAliveMs: 4_000 }, 1],
    ['with bytes in flight over IPv6', 4_000, true, { keepAliveMs: 4_000 }, 1],
    ['idle over IPv6', 4_000, true, { ...IDLE, keepAliveMs: 4_000 }, 0],
    ['that reads nothing', 4_000, false, { keepAliveMs: 4_000, ...LARGE }, LARGE.maxPacketBytes],
  ];
  const nameOf = (what: string) => `a server ${what}`;

  beforeAll(async () => {
    host = new NetworkNamespace();
    ports = (await host.node(SERVERS)).split(' ');
    living = await TcpDevice.listen();
    for (const [what, , isIPv6, settings] of cases) {
      const address = isIPv6 ? `[${host.ipv6}]` : host.ipv4;
      serial.addConnection(nameOf(what), {
        path: `tcp://${address}:${ports[what === 'that reads nothing' ? 1 : 0]}`,
        ...settings,
      });
    }
    const reconnect = { minDelayMs: 100, maxDelayMs: 500 };
    serial.addConnection('returning', {
      path: `tcp://${host.ipv4}:${ports[0]}`,
      ...{ keepAliveMs: 4_000, openTimeoutMs: 1_000, reconnect },
    });
    serial.addConnection('living', { path: living.path, keepAliveMs: 4_000, ...LARGE });
    await serial.initialize();
    const sendNothing = new Uint8Array(LARGE.maxPacketBytes);
    await living.stall();
    serial.send('living', sendNothing).catch(() => undefined);
    serial.send(nameOf('that reads nothing'), sendNothing).catch(() => undefined);
    host.vanish();
    const vanishedAtMs = performance.now();
    const allLost = new Promise<void>((resolve) => {
      serial.on('disconnected', ({ name, error }) => {
        lostAfterMs.set(name, performance.now() - vanishedAtMs);
        messages.set(name, error.message);
        // And `returning`.
        if (lostAfterMs.size === cases.length + 1) {
          resolve();
        }
      });
    });
    for (const [what, , , , sends] of cases) {
      if (sends === 1) {
        await serial.send(nameOf(what), Uint8Array.of(1));
      }
    }
    await Promise.race([allLost, new Promise((resolve) => setTimeout(resolve, LATE * 15_000))]);
  }, 60_000);

  afterAll(async () => {
    await serial[Symbol.asyncDispose]();
    await living?.close();
    host?.remove();
  });

  test.each(cases)('%s: it is noticed within %i ms', (what, limitMs) => {
    const afterMs = lostAfterMs.get(nameOf(what));
    expect(afterMs).toBeLessThan(LATE * limitMs);
    expect(messages.get(nameOf(what))).toMatch(
      /disconnected \((connection timed out|the server does not answer any more)\); check that the server runs, and that the network works$/,
    );
  });

  test('a server that reads nothing, but lives, is not taken for dead', () => {
    expect(serial.connectionState('living')).toBe('connected');
  });

  test('a server that can be reached again is connected again', async () => {
    expect(serial.connectionState('returning')).not.toBe('connected');
    host.comeBack();
    await serial.ready('returning');
    const packet = Uint8Array.of(1, 0, 255);
    expect(await serial.request('returning', packet, { matches: () => true, timeoutMs: 15_000 })).toEqual(packet);
    expect(serial.stats('returning')).toMatchObject({ opens: 2, losses: 1 });
  });
});
