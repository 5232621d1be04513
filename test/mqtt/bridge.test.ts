import { describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import type { CommandRefusal, MqttBridge } from '../../src/mqtt/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { MOSQUITTO_MISSING, type Mosquitto } from '../support/mosquitto.js';
import { expectNothingUncounted, ForeignClient, newBridge, startBroker, startDevice } from './bridge-rig.js';

/** A bridge with a device that echoes, and a client that hears everything. */
async function start(device: Parameters<typeof startDevice>[0] = {}, settings: Parameters<typeof startDevice>[1] = {}) {
  const broker = await startBroker();
  const parts = await startDevice({ echo: true, ...device }, settings);
  const foreign = await ForeignClient.connect(broker, '#');
  const bridge = newBridge(parts.serial, broker);
  const refused: CommandRefusal[] = [];
  bridge.on('commandRefused', ({ name, reason }) => {
    expect(name).toBe(reason === 'unknown' ? 'leg' : 'arm');
    refused.push(reason);
  });
  await bridge.start();
  return { broker, foreign, bridge, refused, ...parts };
}

/** The counts of the bridge, whose equations hold. */
function counts(bridge: MqttBridge) {
  expectNothingUncounted({ bridge });
  return bridge.stats('arm');
}

describe.skipIf(MOSQUITTO_MISSING !== '')(`MqttBridge and clients that know nothing of it${MOSQUITTO_MISSING}`, () => {
  test('publishes states, packets and results as docs/mqtt.md says', async () => {
    const { foreign, bridge, device } = await start();
    expect(bridge.state).toBe('online');
    await foreign.command('hello', 'me:1');
    const [result] = await foreign.count('/result', 1);
    const [rx] = await foreign.count('/rx', 1);
    const [online] = foreign.on('/bench/state');
    const [connected] = await foreign.count('/arm/state', 1);
    expect(online).toMatchObject({ topic: 'serial/bench/state', text: 'online', message: { qos: 1, retain: true } });
    const { instance } = online!.message.properties!.userProperties as { instance: string };
    expect(instance).toMatch(/^[0-9a-f]{16}$/);
    expect(online!.message.properties!.userProperties).toMatchObject({ pid: String(process.pid), version: '1' });
    expect(connected).toMatchObject({ topic: 'serial/bench/arm/state', text: 'connected', message: { retain: true } });
    expect(connected!.message.properties!.userProperties).toEqual({ instance, requestIds: 'no', delivery: 'plain' });
    expect(rx).toMatchObject({ topic: 'serial/bench/arm/rx', text: 'hello', message: { qos: 0, retain: false } });
    const number = Buffer.concat([Buffer.from(instance.slice(0, 8), 'hex'), Buffer.of(0, 0, 0, 1)]);
    expect(rx!.message.properties!.correlationData).toEqual(number);
    expect(result).toMatchObject({ topic: 'serial/bench/arm/result', text: 'ok', message: { qos: 1, retain: false } });
    expect(result!.message.properties!.correlationData).toEqual(Buffer.from('me:1'));
    expect(result!.message.properties!.userProperties).toMatchObject({ status: 'ok', instance });
    device.unplug();
    await foreign.count('/arm/state', 2);
    device.plug();
    await foreign.count('/arm/state', 3);
    await bridge.stop();
    const states = (await foreign.count('/state', 6)).map(({ text }) => text);
    expect(states[2]).toMatch(/^disconnected: connection "arm"/);
    expect(foreign.on('/arm/state')[1]!.message.properties!.userProperties).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(states.slice(3)).toEqual(['connected', 'disconnected: the bridge was stopped', 'offline']);
    expect(counts(bridge)).toMatchObject({ packetsPublished: 1, commandsSucceeded: 1 });
  });

  test('sends a command once, however often it is delivered, and repeats its result', async () => {
    const { foreign, bridge, device, refused } = await start();
    for (const correlation of ['me:1', 'me:1', 'me:2', 'me:1', 'you:1']) {
      await foreign.command(correlation, correlation);
    }
    const results = (await foreign.count('/result', 5)).map(({ message }) =>
      String(message.properties!.correlationData),
    );
    expect(results.sort()).toEqual(['me:1', 'me:1', 'me:1', 'me:2', 'you:1']);
    await foreign.count('/rx', 3);
    expect(device.received.map((packet) => Buffer.from(packet).toString())).toEqual(['me:1', 'me:2', 'you:1']);
    expect(refused).toEqual(['duplicate', 'duplicate']);
    expect(counts(bridge)).toMatchObject({ commandsSucceeded: 3, commandsDuplicate: 2 });
  });

  test('repeats the result of a command that failed, too, and does not try it again', async () => {
    const { foreign, bridge } = await start({}, { maxPacketBytes: 4 });
    for (const _ of [1, 2]) {
      await foreign.command('too long', 'me:1');
    }
    for (const { text, message } of await foreign.count('/result', 2)) {
      expect(text).toBe('PACKET_TOO_LARGE');
      expect(message.properties!.userProperties).toMatchObject({
        status: 'PACKET_TOO_LARGE',
        message: expect.stringContaining('maxPacketBytes is 4'),
      });
    }
    expect(counts(bridge)).toMatchObject({ commandsFailed: 1, commandsDuplicate: 1 });
  });

  test('remembers the last 1,024 numbers of a sender, and takes lower ones for duplicates', async () => {
    const { foreign, bridge } = await start({ echo: false });
    for (const number of [5_000, 3_977, 3_976, 4_999, 3_977]) {
      await foreign.command('x', `me:${number}`);
    }
    await foreign.count('/result', 4);
    await foreign.command('x', 'me:6000');
    await foreign.count('/result', 5);
    expect(counts(bridge)).toMatchObject({ commandsSucceeded: 4, commandsDuplicate: 2 });
  });

  test('ignores retained commands: those kept by the broker, and those published to be kept', async () => {
    const broker = await startBroker();
    const { serial } = await startDevice({ echo: true });
    const foreign = await ForeignClient.connect(broker, 'serial/bench/+/rx', 'serial/bench/+/result');
    await foreign.command('kept', 'me:1', {}, { retain: true });
    const bridge = newBridge(serial, broker);
    await bridge.start();
    await foreign.command('to be kept', 'me:2', {}, { retain: true });
    await foreign.command('last', 'me:3');
    await foreign.count('/rx', 1);
    await foreign.count('/result', 1);
    expect(foreign.messages.map(({ text }) => text).sort()).toEqual(['last', 'ok']);
    // The first may arrive before the bridge has its name, and is not its business then.
    expect(counts(bridge).commandsRetained).toBeGreaterThanOrEqual(1);
  });

  test('does not send a command whose time is over when it arrives', async () => {
    const { foreign, bridge, refused } = await start();
    await foreign.command('late', 'me:1', { deadline: '0' });
    const [result] = await foreign.count('/result', 1);
    expect(result).toMatchObject({ text: 'SEND_TIMEOUT' });
    expect(result!.message.properties!.userProperties).toMatchObject({ delivered: 'no' });
    await foreign.command('now', 'me:2');
    expect((await foreign.count('/rx', 1)).map(({ text }) => text)).toEqual(['now']);
    expect(refused).toEqual(['expired']);
    expect(counts(bridge)).toMatchObject({ commandsExpired: 1, commandsSucceeded: 1 });
  });

  test('a command whose time ends while it waits is not sent any more', async () => {
    const { foreign, bridge, device } = await start();
    device.stall();
    // Fills the port, so that the next one waits.
    const fill = new Uint8Array(200_000).fill(1);
    await foreign.command(fill.subarray(0, 60_000), 'me:1', {}, { expiryS: 600 });
    await foreign.command(fill.subarray(0, 60_000), 'me:2', {}, { expiryS: 600 });
    await foreign.command('waits', 'me:3', {}, { expiryS: 1 });
    const [result] = await foreign.count('/result', 1);
    expect(result).toMatchObject({ text: 'SEND_TIMEOUT' });
    expect(String(result!.message.properties!.correlationData)).toBe('me:3');
    device.resume();
    await foreign.command('last', 'me:4');
    const arrived = await foreign.count('/rx', 3);
    expect(arrived.map(({ text }) => text.length)).toEqual([60_000, 60_000, 4]);
    counts(bridge);
  });

  test('results that the broker does not take are bounded, and those dropped are counted', async () => {
    const { broker, device, foreign, bridge } = await start();
    device.stall();
    const count = 4_000;
    await foreign.command(new Uint8Array(60_000), 'me:1');
    for (let number = 2; number <= count; number++) {
      const published = foreign.command('x', `me:${number}`, {}, { qos: 0 });
      // MQTT.js warns if too many wait at a time.
      await (number % 500 === 0 ? published : undefined);
    }
    await expect.poll(() => bridge.stats('arm').commandsWaiting, { timeout: 20_000 }).toBe(count);
    broker.pause(true);
    device.resume();
    await expect.poll(() => bridge.stats('arm').commandsSucceeded, { timeout: 20_000 }).toBe(count);
    const { resultsNotPublished } = bridge.stats('arm');
    expect(resultsNotPublished).toBeGreaterThan(count / 4);
    broker.pause(false);
    await foreign.count('/result', count - resultsNotPublished);
    counts(bridge);
  });

  test('stop ends although thousands of packets wait for the broker, and counts them', async () => {
    const broker = await startBroker();
    const names = ['arm', 'leg', 'hand', 'foot', 'head', 'tail', 'wing', 'fin'];
    const devices = names.map((name) => new MockDevice({ path: name }));
    const serial = new SerialCommunicator({ binding: mockBinding(...devices) });
    for (const name of names) {
      serial.addConnection(name, { path: name, baudRate: 115_200 });
    }
    await serial.initialize();
    onTestFinished(() => serial[Symbol.asyncDispose]());
    const bridge = newBridge(serial, broker, { qos: 1, shutdownTimeoutMs: 100 });
    await bridge.start();
    const offline: unknown[] = [];
    bridge.on('offline', (event) => offline.push(event));
    broker.pause(true);
    for (const device of devices) {
      for (let number = 1; number <= 2_000; number++) {
        void device.send(Uint8Array.of(1));
      }
    }
    const each = (counter: 'packetsWaiting' | 'packetsNotPublished') =>
      names.map((name) => bridge.stats(name)[counter]);
    await expect.poll(() => each('packetsWaiting'), { timeout: 20_000 }).toEqual(Array(8).fill(2_000));
    const stopped = bridge.stop();
    broker.pause(false);
    await stopped;
    expect(Math.max(...each('packetsNotPublished'))).toBeGreaterThan(0);
    counts(bridge);
    expect(offline).toEqual([]);
  });

  test('answers what it cannot carry out, and counts it', async () => {
    const { foreign, bridge, refused } = await start();
    await foreign.command('x', 'no number');
    await foreign.command('x', 'me:1', {}, { responseTopic: 'serial/bench/arm/rx' });
    await foreign.command('x', 'me:0', {}, { responseTopic: 'elsewhere' });
    await foreign.command('x', 'me:1', {}, { topic: 'serial/bench/leg/tx' });
    await foreign.command('x', 'me:2', { request: '100' });
    const results = await foreign.count('/result', 3);
    expect(results.map(({ topic, text }) => [topic.split('/')[2], text])).toEqual([
      ['arm', 'INVALID_OPTION'],
      ['leg', 'KEY_ERROR'],
      // The connection has no request ids.
      ['arm', 'INVALID_OPTION'],
    ]);
    expect(refused).toEqual(['malformed', 'malformed', 'malformed', 'unknown']);
    expect(counts(bridge)).toMatchObject({ commandsMalformed: 3, commandsFailed: 1 });
    expect(bridge.unknownCommands).toBe(1);
    expect(foreign.on('/rx')).toEqual([]);
  });

  test('sends a command without response topic, and reports nothing', async () => {
    const { foreign, bridge } = await start();
    await foreign.client.publishAsync('serial/bench/arm/tx', 'fire and forget', { qos: 0 });
    const properties = { correlationData: Buffer.from('me:1') };
    await foreign.client.publishAsync('serial/bench/arm/tx', 'once', { qos: 1, properties });
    await foreign.client.publishAsync('serial/bench/arm/tx', 'twice', { qos: 1, properties });
    await foreign.command('last', 'me:2');
    await foreign.count('/rx', 3);
    await foreign.count('/result', 1);
    expect(foreign.on('/rx').map(({ text }) => text)).toEqual(['fire and forget', 'once', 'last']);
    expect(counts(bridge)).toMatchObject({ commandsDuplicate: 1, commandsSucceeded: 3 });
  });

  test.each([0, 1] as const)('publishes packets of every length that matters, unchanged: QoS %d', async (qos) => {
    const broker = await startBroker();
    const maxPacketBytes = 2_200_000;
    const { serial, device } = await startDevice({ maxPacketBytes }, { maxPacketBytes, sendQueueBytes: 4_000_000 });
    const foreign = await ForeignClient.connect(broker, 'serial/bench/arm/rx');
    await newBridge(serial, broker, { qos }).start();
    // Where the length of the message needs one byte more: at 2^7, 2^14 and 2^21.
    const around = (bytes: number) => Array.from({ length: 60 }, (_, index) => bytes - 50 + index);
    const lengths = [0, 1, 2, ...around(128), ...around(16_384), 2_097_100, 2_097_115, 2_097_130, 2_097_152];
    const packetOf = (length: number) => new Uint8Array(length).map((_, index) => index + length);
    const sent = (async () => {
      for (const length of lengths) {
        await device.send(packetOf(length));
      }
    })();
    const messages = await foreign.count('/rx', lengths.length);
    await sent;
    expect(messages.map(({ message }) => message.payload.length)).toEqual(lengths);
    const wrong = messages.filter(
      ({ message }, index) => !packetOf(lengths[index]!).every((byte, at) => byte === message.payload[at]),
    );
    expect(wrong).toEqual([]);
  });

  test('makes a request, and its result carries the reply', async () => {
    const ids = { requestIds: { bytes: 1 as const } };
    const { foreign, bridge } = await start(
      { ...ids, echo: false, onRequest: ([kind]) => Uint8Array.of(kind!, 7) },
      ids,
    );
    const [state] = await foreign.count('/arm/state', 1);
    expect(state!.message.properties!.userProperties).toMatchObject({ requestIds: 'yes' });
    await foreign.command(Uint8Array.of(1), 'me:1', { request: '1000' });
    await foreign.command(Uint8Array.of(2), 'me:2', { request: '1000' });
    const results = await foreign.count('/result', 2);
    expect(results.map(({ message }) => [...(message.payload as Buffer)])).toEqual([
      [1, 7],
      [2, 7],
    ]);
    await foreign.command(Uint8Array.of(1), 'me:1', { request: '1000' });
    expect([...((await foreign.count('/result', 3))[2]!.message.payload as Buffer)]).toEqual([1, 7]);
    expect(counts(bridge)).toMatchObject({ commandsSucceeded: 2, commandsDuplicate: 1 });
  });

  test.each(['', 'a/b', 'a+', '#', 'a\0b', 'line\nbreak', 'x'.repeat(256)])('refuses the name %j', async (name) => {
    const { serial } = await startDevice();
    expect(() => newBridge(serial, { url: 'mqtt://127.0.0.1' } as Mosquitto, { name })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/^MqttBridge: name is .*; expected/),
      }),
    );
  });

  test('start refuses names of connections that no topic can have, or that do not exist', async () => {
    const broker = await startBroker();
    const { serial, device } = await startDevice();
    await expect(newBridge(serial, broker, { connections: ['leg'] }).start()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'MqttBridge: connections has "leg", which the communicator does not have',
    });
    await newBridge(serial, broker, { connections: ['arm'] }).start();
    const other = new SerialCommunicator();
    other.addConnection('arm/1', { path: device.path, baudRate: 9_600 });
    await expect(newBridge(other, broker).start()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/^MqttBridge: the name "arm\/1" cannot be part of a topic; expected/),
    });
  });

  test.each(['', '/a', 'a//b', 'a/', '$SYS', 'a/+', 'a/#'])('refuses the base %j', async (base) => {
    const { serial } = await startDevice();
    expect(() => newBridge(serial, { url: 'mqtt://127.0.0.1' } as Mosquitto, { base })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('MqttBridge: base is') }),
    );
  });
});
