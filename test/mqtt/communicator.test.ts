import { describe, expect, onTestFinished, test } from 'vitest';
import type { ConnectionError } from '../../src/index.js';
import type { MqttCommunicator, MqttEvents } from '../../src/mqtt/index.js';
import { gate, outcome } from '../contract/harness.js';
import { MOSQUITTO_MISSING } from '../support/mosquitto.js';
import {
  expectNothingUncounted,
  ForeignClient,
  newBridge,
  newRemote,
  startAll,
  startBroker,
  startDevice,
} from './bridge-rig.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

/** What `initialize` rejects with, for the connection "arm". */
async function openingError(remote: MqttCommunicator): Promise<ConnectionError> {
  const result = await outcome(remote.initialize());
  expect(result).toMatchObject({ error: { code: 'INITIALIZE_FAILED', errors: [{ connection: 'arm' }] } });
  return (result as { error: { errors: ConnectionError[] } }).error.errors[0]!;
}

describe.skipIf(MOSQUITTO_MISSING !== '')(`MqttCommunicator${MOSQUITTO_MISSING}`, () => {
  test('initialize fails with what is offline: the broker, the bridge, or the device', async () => {
    const broker = await startBroker();
    await broker.kill();
    const { remote } = newRemote(broker, { openTimeoutMs: 300 });
    expect(remote.reachability('arm')).toBe('brokerOffline');
    const offline = await openingError(remote);
    expect(offline).toMatchObject({
      code: 'BROKER_OFFLINE',
      message: expect.stringContaining('it refused the connection'),
    });
    await broker.restart();
    expect(await openingError(remote)).toMatchObject({
      code: 'BRIDGE_OFFLINE',
      message: 'connection "arm": bridge "bench" is offline; check that it runs, and its name and base',
    });
    const { serial, device } = await startDevice({ echo: true });
    await newBridge(serial, broker).start();
    device.unplug();
    await expect.poll(() => serial.connectionState('arm')).not.toBe('connected');
    expect(await openingError(remote)).toMatchObject({
      message: expect.stringMatching(/^connection "arm": bridge "bench" reports: connection "arm"/),
    });
    const { remote: wrong } = newRemote(broker, { connection: 'leg', openTimeoutMs: 300 });
    expect(await openingError(wrong)).toMatchObject({
      code: 'PORT_NOT_FOUND',
      message: 'connection "arm": bridge "bench" is online and has published no connection "leg"; check its name',
    });
    device.plug();
    await expect.poll(() => serial.connectionState('arm')).toBe('connected');
    await remote.initialize();
    expect(remote.reachability('arm')).toBe('reachable');
    await remote.send('arm', bytes(1));
  });

  test('tells broker, bridge and device apart while it runs, and reports each change', async () => {
    const { broker, bridge, serial, device, remote } = await startAll();
    const changes: string[] = [];
    const events: string[] = [];
    remote.on('reachability', ({ reachability, error }) => changes.push(`${reachability} ${error?.code}`));
    remote.on('connected', (event) => events.push(JSON.stringify(event)));
    remote.on('disconnected', ({ name, error, willReconnect }) =>
      events.push(`${name} ${error.code} ${willReconnect}`),
    );
    const settled = (reachability: MqttEvents['reachability']['reachability']) =>
      expect.poll(() => remote.reachability('arm'), { timeout: 15_000 }).toBe(reachability);
    const sendError = async () => (await outcome(remote.send('arm', bytes(1)))) as { error: ConnectionError };

    device.unplug();
    await settled('deviceOffline');
    expect(await sendError()).toMatchObject({ error: { code: 'CONNECTION_LOST', connection: 'arm' } });
    expect(remote.connectionState('arm')).toBe('disconnected');
    device.plug();
    await settled('reachable');
    await bridge.stop();
    await settled('bridgeOffline');
    expect(await sendError()).toMatchObject({ error: { code: 'BRIDGE_OFFLINE', delivered: 'no' } });
    const second = newBridge(serial, broker);
    await second.start();
    await settled('reachable');
    await broker.kill();
    await settled('brokerOffline');
    expect(await sendError()).toMatchObject({ error: { code: 'BROKER_OFFLINE', delivered: 'no' } });
    await broker.restart();
    await settled('reachable');
    await remote.ready('arm');
    await remote.send('arm', bytes(1));
    expect(changes.filter((change, index) => change !== changes[index - 1])).toEqual([
      'deviceOffline CONNECTION_LOST',
      'reachable undefined',
      'deviceOffline BRIDGE_OFFLINE',
      'bridgeOffline BRIDGE_OFFLINE',
      'reachable undefined',
      'brokerOffline BROKER_OFFLINE',
      'bridgeOffline BRIDGE_OFFLINE',
      'reachable undefined',
    ]);
    const connected = JSON.stringify({ name: 'arm', bridge: 'bench', connection: 'arm' });
    expect(events).toEqual([
      'arm CONNECTION_LOST true',
      connected,
      'arm BRIDGE_OFFLINE true',
      connected,
      'arm BROKER_OFFLINE true',
      connected,
    ]);
    expect(remote.connectionError('arm')).toBeUndefined();
    expectNothingUncounted({ remote, bridge: second });
  });

  test('with required: false, initialize does not wait, and the device is found later', async () => {
    const broker = await startBroker();
    await broker.kill();
    const { remote, inbox } = newRemote(broker, { required: false, whenDisconnected: 'wait' });
    await remote.initialize();
    const sent = remote.send('arm', bytes(7));
    await broker.restart();
    const { serial } = await startDevice({ echo: true });
    await newBridge(serial, broker).start();
    await sent;
    await remote.ready('arm');
    expect(await inbox.next()).toEqual({ name: 'arm', packet: bytes(7) });
  });

  test('what waits for a bridge gives up after sendTimeoutMs, and is never sent', async () => {
    const broker = await startBroker();
    const { remote } = newRemote(broker, { required: false, whenDisconnected: 'wait', sendTimeoutMs: 200 });
    await remote.initialize();
    await expect(remote.send('arm', bytes(1))).rejects.toMatchObject({
      code: 'SEND_TIMEOUT',
      delivered: 'no',
      message:
        'send to "arm": not sent within 200 ms: bridge "bench" is offline; check that it runs, and its name and base',
    });
    const { serial, device } = await startDevice();
    await newBridge(serial, broker).start();
    await remote.send('arm', bytes(2));
    expect(device.received).toEqual([bytes(2)]);
    expectNothingUncounted({ remote });
  });

  test('the longest time-outs there are can be added', async () => {
    const requestIds = { bytes: 1 as const };
    const device = { requestIds, onRequest: (packet: Uint8Array) => packet };
    const { remote } = await startAll(device, { requestIds }, { requestIds: true, sendTimeoutMs: 2 ** 31 - 1 });
    expect(await remote.request('arm', bytes(7), { timeoutMs: 2 ** 31 - 1 })).toEqual(bytes(7));
  });

  test('requestIds that the bridge does not have are reported when it is initialized', async () => {
    const broker = await startBroker();
    const { serial } = await startDevice({ echo: true });
    await newBridge(serial, broker).start();
    const { remote } = newRemote(broker, { requestIds: true, openTimeoutMs: 300 });
    expect(await openingError(remote)).toMatchObject({
      code: 'PEER_INCOMPATIBLE',
      message: expect.stringContaining('requestIds is true'),
    });
  });

  test('a request travels as one: its reply, an error of the device, and no reply in time', async () => {
    const requestIds = { bytes: 1 as const };
    const { remote, bridge } = await startAll(
      {
        requestIds,
        onRequest: ([kind]) => {
          if (kind === 1) {
            throw new Error('failed on purpose');
          }
          return kind === 2 ? undefined : bytes(kind!, 9);
        },
      },
      { requestIds },
      { requestIds: true },
    );
    expect(await remote.request('arm', bytes(3))).toEqual(bytes(3, 9));
    await expect(remote.request('arm', bytes(1))).rejects.toMatchObject({
      name: 'ReplyError',
      code: 'REPLY_ERROR',
      connection: 'arm',
      replyCode: 1,
    });
    await expect(remote.request('arm', bytes(2), { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'REPLY_TIMEOUT',
      message: expect.stringMatching(/^request to "arm": the bridge reports: .*timeoutMs \(50 ms\)/),
    });
    expect(remote.stats('arm')).toMatchObject({ requestsReplied: 1, requestsTimedOut: 1, requestsFailed: 1 });
    expect(bridge.stats('arm')).toMatchObject({ commandsSucceeded: 1, commandsFailed: 2 });
  });

  test('sends a datagram with acknowledged: false, if the connection of the bridge has acknowledged delivery', async () => {
    const delivery = 'acknowledged';
    const { remote, serial, inbox } = await startAll({ delivery, echo: true }, { delivery });
    await remote.send('arm', bytes(1));
    await remote.send('arm', bytes(2), { acknowledged: false });
    await inbox.count(2);
    expect(serial.stats('arm').delivery).toMatchObject({ datagramsSent: 1 });
    await expect(remote.send('arm', bytes(3), { acknowledged: true })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });

  test('counts packets that did not arrive, and drops those that arrive twice', async () => {
    const { broker, remote, inbox } = await startAll();
    const foreign = await ForeignClient.connect(broker);
    const numbered = (instance: string, counter: number) => {
      const correlationData = Buffer.from(`${instance}${counter.toString(16).padStart(8, '0')}`, 'hex');
      const options = { qos: 1 as const, properties: { correlationData } };
      return foreign.client.publishAsync('serial/bench/arm/rx', Buffer.of(counter), options);
    };
    for (const counter of [5, 6, 6, 5, 9, 10]) {
      await numbered('00000001', counter);
    }
    // Another life of the bridge counts from 1.
    await numbered('00000002', 1);
    await inbox.count(5);
    expect(inbox.packets('arm').map(([counter]) => counter)).toEqual([5, 6, 9, 10, 1]);
    expect(remote.stats('arm')).toMatchObject({ packetsReceived: 5, packetsMissed: 2, packetsDuplicate: 2 });
    expectNothingUncounted({ remote });
  });

  test('messages of others that make no sense disturb neither end', async () => {
    const { broker, bridge, remote, inbox } = await startAll();
    const foreign = await ForeignClient.connect(broker);
    const correlations = [
      '',
      ':',
      'x:',
      `${'x'.repeat(65)}:1`,
      'x:1:1',
      'x:99999999999999999999',
      '\0:1',
      'x:-1',
      'x:1.5',
    ];
    const values = ['', 'x', '-1', '1e9', '99999999999999999999', '\u{1f916}'];
    for (const topic of ['arm/tx', 'arm/result', 'state', 'claim', 'leg/tx']) {
      for (const [index, correlation] of correlations.entries()) {
        const value = values[index % values.length]!;
        const names = ['deadline', 'request', 'status', 'clock', 'replyCode', 'delivered', 'host', 'pid'];
        const userProperties = Object.fromEntries(
          names.map((name) => [name, index % 2 === 0 ? value : [value, value]]),
        );
        await foreign.client.publishAsync(`serial/bench/${topic}`, value, {
          qos: 1,
          properties: {
            correlationData: Buffer.from(correlation),
            responseTopic: 'serial/bench/arm/result',
            userProperties,
          },
        });
      }
    }
    await remote.ready('arm');
    await remote.send('arm', bytes(1));
    expect(await inbox.next()).toEqual({ name: 'arm', packet: bytes(1) });
    expect(bridge.state).toBe('online');
    expectNothingUncounted({ remote, bridge });
  });

  test('a busy handler delays no other connection; beyond receiveQueueBytes, its packets are dropped and counted', async () => {
    const { broker, remote, device } = await startAll({ echo: false }, {}, { receiveQueueBytes: 2_000 });
    const { remote: other } = newRemote(broker);
    await other.initialize();
    let arrived = 0;
    const all = gate();
    other.setReceiveHandler(() => {
      if (++arrived === 100) {
        all.open();
      }
    });
    const busy = gate();
    let handled = 0;
    remote.setReceiveHandler(() => {
      handled++;
      return busy.opened;
    });
    for (let index = 0; index < 100; index++) {
      await device.send(new Uint8Array(100).fill(index));
    }
    await all.opened;
    await expect.poll(() => remote.stats('arm').packetsReceived).toBe(100);
    expect(handled).toBe(1);
    const { packetsOverflowed } = remote.stats('arm');
    expect(packetsOverflowed).toBeGreaterThan(80);
    // It sends while it receives nothing.
    await remote.send('arm', bytes(1));
    busy.open();
    await expect.poll(() => handled).toBe(100 - packetsOverflowed);
    expectNothingUncounted({ remote });
  });

  test('rejects with SEND_QUEUE_FULL beyond sendQueueBytes, and everything settles at shutdown', async () => {
    const { remote, device } = await startAll({}, {}, { sendQueueBytes: 200_000 });
    device.stall();
    const sends = Array.from({ length: 8 }, () => outcome(remote.send('arm', new Uint8Array(60_000))));
    const results = await Promise.all(sends.slice(3));
    expect(results).toEqual(Array(5).fill({ error: expect.objectContaining({ code: 'SEND_QUEUE_FULL' }) }));
    await remote.shutdown();
    for (const result of await Promise.all(sends.slice(0, 3))) {
      expect([undefined, 'SHUTDOWN_TIMEOUT']).toContain((result as { error?: ConnectionError }).error?.code);
    }
    device.resume();
    expectNothingUncounted({ remote });
  });

  test('leaves nothing behind: the process could end', async () => {
    const { remote, bridge, serial } = await startAll();
    onTestFinished(() => undefined);
    await Promise.all([remote.shutdown(), bridge.stop()]);
    await serial.shutdown();
    const kinds = process.getActiveResourcesInfo().filter((kind) => /TCPSocketWrap|Timeout/.test(kind));
    expect(kinds.filter((kind) => kind === 'TCPSocketWrap')).toEqual([]);
  });
});
