import { describe, expect, test } from 'vitest';
import type { ConnectionError } from '../../src/index.js';
import { gate, outcome, someTurns } from '../contract/harness.js';
import { MOSQUITTO_MISSING } from '../support/mosquitto.js';
import { openPtyPair, PtyEchoDevice } from '../support/pty-pair.js';
import { has } from '../support/tools.js';
import { BridgeProcess } from './bridge-process.js';
import { expectNothingUncounted, ForeignClient, newRemote, startAll, startBroker } from './bridge-rig.js';

const numbered = (index: number) => Uint8Array.of(index >> 8, index & 0xff, 0, 7);
const numberOf = (packet: Uint8Array) => (packet[0]! << 8) | packet[1]!;

/** Sends numbered packets, a few at a time, until `isOver`. Returns how each one ended. */
async function traffic(send: (packet: Uint8Array) => Promise<void>, isOver: () => boolean) {
  const ends: Promise<{ number: number; error: ConnectionError | undefined }>[] = [];
  while (!isOver()) {
    const number = ends.length;
    const end = outcome(send(numbered(number)));
    ends.push(
      end.then((result) => ({ number, error: 'error' in result ? (result.error as ConnectionError) : undefined })),
    );
    if (number % 4 === 3) {
      await end;
    }
  }
  return Promise.all(ends);
}

describe.skipIf(MOSQUITTO_MISSING !== '')(`faults of the broker and the bridge${MOSQUITTO_MISSING}`, () => {
  test.each([0, 1] as const)('the broker is killed and restarted in mid-traffic: QoS %d', async (qos) => {
    const { broker, bridge, device, remote, inbox } = await startAll(
      { echo: true },
      {},
      { whenDisconnected: 'wait' },
      { qos },
    );
    let isOver = false;
    const sending = traffic(
      (packet) => remote.send('arm', packet),
      () => isOver,
    );
    for (let kills = 1; kills <= 3; kills++) {
      await inbox.count(inbox.arrivals.length + 100);
      await broker.kill();
      await broker.restart();
    }
    await inbox.count(inbox.arrivals.length + 100);
    isOver = true;
    const ends = await sending;
    // Each packet was sent once and in order, although its command was published again, and each send resolved.
    expect(ends.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(device.receivedCount).toBe(ends.length);
    expect(remote.stats('arm').packetsRepublished).toBeGreaterThan(0);
    await expect.poll(() => bridge.stats('arm').packetsWaiting).toBe(0);
    const { packetsMissed, packetsReceived } = remote.stats('arm');
    expect(inbox.packets('arm').map(numberOf)).toEqual(
      inbox
        .packets('arm')
        .map(numberOf)
        .sort((a, b) => a - b),
    );
    if (qos === 1) {
      await inbox.count(ends.length);
      expect(inbox.packets('arm').map(numberOf)).toEqual(ends.map(({ number }) => number));
    } else {
      // What was lost on the way is counted, except what nothing followed.
      expect(packetsReceived + packetsMissed).toBeLessThanOrEqual(ends.length);
      expect(packetsReceived + packetsMissed).toBeGreaterThan(ends.length - 100);
    }
    expectNothingUncounted({ remote, bridge });
  });

  test('the device is unplugged in mid-traffic: sends reject with the code of the bridge until it is back', async () => {
    const { bridge, device, remote, inbox } = await startAll();
    let isOver = false;
    const sending = traffic(
      (packet) => remote.send('arm', packet),
      () => isOver,
    );
    await inbox.count(50);
    device.unplug();
    await expect.poll(() => remote.reachability('arm')).toBe('deviceOffline');
    device.plug();
    await expect.poll(() => remote.reachability('arm')).toBe('reachable');
    await inbox.count(inbox.arrivals.length + 50);
    isOver = true;
    const codes = new Set((await sending).map(({ error }) => error?.code));
    expect([...codes].sort()).toEqual(['CONNECTION_LOST', undefined]);
    expectNothingUncounted({ remote, bridge });
  });

  test('a request that is on its way to the device when that seems to be lost settles with its result', async () => {
    const { broker, bridge, device, remote } = await startAll();
    const foreign = await ForeignClient.connect(broker, 'serial/bench/arm/state');
    const [state] = await foreign.count('/arm/state', 1);
    device.stall();
    const fill = remote.send('arm', new Uint8Array(60_000));
    const matches = (packet: Uint8Array) => packet.length === 4;
    const request = outcome(remote.request('arm', numbered(1), { matches, timeoutMs: 20_000 }));
    await expect.poll(() => bridge.stats('arm').commandsReceived).toBe(2);
    const { instance } = state!.message.properties!.userProperties!;
    await foreign.client.publishAsync('serial/bench/arm/state', 'disconnected: a loose contact', {
      properties: { userProperties: { instance: instance!, code: 'CONNECTION_LOST' } },
    });
    await expect.poll(() => remote.reachability('arm')).toBe('deviceOffline');
    device.resume();
    await fill;
    expect(await request).toEqual({ value: numbered(1) });
    expectNothingUncounted({ bridge });
  });

  test('a device that takes nothing: the bridge gives up first, and its result says so', async () => {
    const { device, remote } = await startAll({ echo: true }, {}, { sendTimeoutMs: 1_000 });
    device.stall();
    const sends = [new Uint8Array(60_000), numbered(1)].map((packet) => outcome(remote.send('arm', packet)));
    expect(await Promise.all(sends)).toEqual(
      Array(2).fill({
        error: expect.objectContaining({
          code: 'SEND_TIMEOUT',
          message: expect.stringContaining('the bridge reports: send to "arm": the time-out of its sender is over'),
        }),
      }),
    );
  });

  test('an aborted send or request is canceled at the bridge, too, if it has not begun', async () => {
    const { broker, bridge, device, remote, inbox } = await startAll();
    const foreign = await ForeignClient.connect(broker, 'serial/bench/arm/tx');
    device.stall();
    const fill = new Uint8Array(60_000);
    const fills = [remote.send('arm', fill), remote.send('arm', fill)];
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = [
      outcome(remote.send('arm', numbered(1), { signal })),
      outcome(remote.request('arm', numbered(2), { signal, matches: () => true })),
    ];
    await expect.poll(() => bridge.stats('arm').commandsReceived).toBe(4);
    controller.abort('not wanted');
    expect(await Promise.all(aborted)).toEqual(Array(2).fill({ error: 'not wanted' }));
    await expect.poll(() => bridge.stats('arm').commandsFailed).toBe(2);
    // Whatever arrives late was canceled before: its number counts as used.
    const properties = { correlationData: Buffer.from('me:1'), userProperties: { cancel: 'yes' } };
    await foreign.client.publishAsync('serial/bench/arm/tx', '', { qos: 1, properties });
    await foreign.command('late', 'me:1');
    await expect.poll(() => bridge.stats('arm').commandsDuplicate).toBe(1);
    device.resume();
    await Promise.all(fills);
    await remote.send('arm', numbered(3));
    await inbox.count(3);
    expect(device.received).toEqual([fill, fill, numbered(3)]);
    expectNothingUncounted({ remote, bridge });
  });

  test('what is aborted while it waits for a slow broker is never published', async () => {
    const { broker, bridge, device, remote } = await startAll({});
    broker.pause(true);
    const controller = new AbortController();
    const { signal } = controller;
    const sends = Array.from({ length: 60 }, (_, number) => outcome(remote.send('arm', numbered(number), { signal })));
    await expect.poll(() => remote.stats('arm').packetsWaiting).toBe(60);
    await someTurns();
    controller.abort('not wanted');
    expect(await Promise.all(sends)).toEqual(Array(60).fill({ error: 'not wanted' }));
    broker.pause(false);
    await remote.send('arm', numbered(60));
    // Mosquitto takes 20 before it has acknowledged one.
    expect(bridge.stats('arm').commandsReceived).toBe(21);
    expect(device.received.at(-1)).toEqual(numbered(60));
    expectNothingUncounted({ bridge, remote });
  });

  test('a slow broker holds the device up for a moment, then packets are dropped and counted: QoS 0', async () => {
    const { broker, bridge, device, remote, inbox } = await startAll({}, {}, {}, { publishQueueBytes: 100_000 });
    broker.pause(true);
    const packet = new Uint8Array(10_000);
    let sent = 0;
    while (bridge.stats('arm').packetsNotPublished < 20) {
      await device.send(packet);
      sent++;
    }
    broker.pause(false);
    await device.send(Uint8Array.of(1));
    const { packetsNotPublished } = bridge.stats('arm');
    await expect.poll(() => bridge.stats('arm').packetsWaiting).toBe(0);
    await inbox.count(sent - packetsNotPublished);
    await device.send(Uint8Array.of(2));
    await expect.poll(() => inbox.arrivals.at(-1)?.packet).toEqual(Uint8Array.of(2));
    const stats = remote.stats('arm');
    expect(stats.packetsReceived + stats.packetsMissed).toBe(sent + 2);
    expect(stats.packetsMissed).toBe(bridge.stats('arm').packetsNotPublished);
    expectNothingUncounted({ remote, bridge });
  });

  test('a slow broker holds the device up, and nothing is lost: QoS 1', async () => {
    const { broker, bridge, device, inbox } = await startAll({}, {}, {}, { qos: 1 });
    broker.pause(true);
    const sends: Promise<void>[] = [];
    for (let index = 0; index < 60; index++) {
      sends.push(device.send(new Uint8Array(10_000).fill(index)));
    }
    await expect.poll(() => bridge.stats('arm').packetsReceived).toBeGreaterThan(20);
    await someTurns(200);
    // Not more than 256 KiB wait in the bridge.
    expect(bridge.stats('arm').packetsReceived).toBeLessThan(30);
    broker.pause(false);
    await Promise.all(sends);
    await inbox.count(60);
    expect(inbox.packets('arm').map(([index]) => index)).toEqual(Array.from({ length: 60 }, (_, index) => index));
    await expect.poll(() => bridge.stats('arm').packetsPublished).toBe(60);
    expectNothingUncounted({ bridge });
  });

  describe.skipIf(!has('socat'))(`of a bridge process${has('socat') ? '' : ' (needs socat)'}`, () => {
    async function startProcess(connection = {}, settings = {}) {
      const broker = await startBroker();
      const pair = await openPtyPair();
      const device = new PtyEchoDevice(pair.devicePath);
      const bridge = new BridgeProcess(broker, pair.hostPath, settings);
      await bridge.start();
      const { remote, inbox } = newRemote(broker, connection);
      await remote.initialize();
      const close = async () => {
        await remote.shutdown();
        await bridge.kill();
        await device.close();
        await pair.close();
      };
      return { broker, pair, device, bridge, remote, inbox, close };
    }

    test('it is killed and started again in mid-traffic: what waits is sent by the next one', async () => {
      const { bridge, remote, inbox, close } = await startProcess({ whenDisconnected: 'wait' });
      let isOver = false;
      const sending = traffic(
        (packet) => remote.send('arm', packet),
        () => isOver,
      );
      await inbox.count(100);
      await bridge.kill();
      await expect.poll(() => remote.reachability('arm')).toBe('bridgeOffline');
      await bridge.start();
      await inbox.count(inbox.arrivals.length + 100);
      isOver = true;
      const ends = await sending;
      expect(ends.filter(({ error }) => error !== undefined)).toEqual([]);
      expectNothingUncounted({ remote });
      await close();
    });

    test('a bridge that was stopped for longer than sendTimeoutMs runs no command after its sender gave up', async () => {
      const { broker, bridge, remote, inbox, close } = await startProcess({ sendTimeoutMs: 1_000 });
      await remote.send('arm', numbered(1));
      await inbox.count(1);
      const foreign = await ForeignClient.connect(broker, 'serial/bench/arm/result');
      bridge.pause(true);
      const sends = [2, 3, 4].map((index) => outcome(remote.send('arm', numbered(index))));
      for (const result of await Promise.all(sends)) {
        expect(result).toMatchObject({ error: { code: 'SEND_TIMEOUT', delivered: 'unknown' } });
      }
      bridge.pause(false);
      const results = await foreign.count('/result', 3);
      expect(results.map(({ text }) => text)).toEqual(Array(3).fill('SEND_TIMEOUT'));
      await remote.send('arm', numbered(5));
      await inbox.count(2);
      expect(inbox.packets('arm').map(numberOf)).toEqual([1, 5]);
      await close();
    });

    test('a bridge that was stopped while another one took its name gives it up when it runs again', async () => {
      const { broker, bridge, pair, remote, close } = await startProcess();
      bridge.pause(true);
      // Its port is still locked by the first one.
      const next = new BridgeProcess(broker, pair.hostPath);
      await next.start();
      bridge.pause(false);
      await bridge.printed('BRIDGE_NAME_TAKEN');
      await bridge.kill();
      await remote.ready('arm');
      await remote.send('arm', numbered(1));
      await next.kill();
      await close();
    });

    test('a bridge that vanished without a farewell is replaced by one of the same name', async () => {
      const { broker, bridge, pair, remote, close } = await startProcess();
      const changed = gate();
      remote.on('reachability', ({ reachability }) => reachability === 'bridgeOffline' && changed.open());
      await bridge.kill();
      await changed.opened;
      const next = new BridgeProcess(broker, pair.hostPath);
      await next.start();
      await remote.ready('arm');
      await remote.send('arm', numbered(1));
      await next.kill();
      await close();
    });
  });
});
