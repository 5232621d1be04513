import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import { expect, onTestFinished } from 'vitest';
import { SerialCommunicator, type SerialSettings } from '../../src/index.js';
import {
  MqttBridge,
  type MqttBridgeOptions,
  MqttCommunicator,
  type MqttCommunicatorOptions,
  type MqttConnection,
} from '../../src/mqtt/index.js';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../src/testing/index.js';
import { Inbox } from '../support/inbox.js';
import { Mosquitto, type MosquittoOptions } from '../support/mosquitto.js';

/** A broker that is stopped at the end of the test. */
export async function startBroker(options?: MosquittoOptions): Promise<Mosquitto> {
  const broker = await Mosquitto.start(options);
  onTestFinished(() => broker.stop());
  return broker;
}

/** A mock device, and a communicator with one connection to it, "arm". */
export async function startDevice(options: Partial<MockDeviceOptions> = {}, settings: SerialSettings = {}) {
  const device = new MockDevice({ path: '/dev/ttyMOCK0', ...options });
  const serial = new SerialCommunicator({ binding: mockBinding(device) });
  serial.addConnection('arm', { path: device.path, baudRate: 115_200, reconnect: { minDelayMs: 1 }, ...settings });
  await serial.initialize();
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return { device, serial };
}

/** A bridge that is stopped at the end of the test. */
export function newBridge(serial: SerialCommunicator, broker: Mosquitto, options: Partial<MqttBridgeOptions> = {}) {
  const bridge = new MqttBridge(serial, { url: broker.url, name: 'bench', maxReconnectDelayMs: 200, ...options });
  onTestFinished(() => bridge.stop());
  return bridge;
}

/** A client of the broker that knows nothing of this library. */
export class ForeignClient {
  readonly client: MqttClient;
  readonly messages: { topic: string; text: string; message: IPublishPacket }[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, message) => {
      this.messages.push({ topic, text: payload.toString('latin1'), message });
      for (const wake of this.#waiting) {
        wake();
      }
    });
  }

  static async connect(broker: Mosquitto, ...topics: string[]): Promise<ForeignClient> {
    const client = connect(broker.url, { protocolVersion: 5, reconnectPeriod: 50 });
    onTestFinished(() => void client.end(true));
    const foreign = new ForeignClient(client);
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    if (topics.length > 0) {
      await client.subscribeAsync(topics, { qos: 1, rap: true });
    }
    return foreign;
  }

  /** Publishes a command with QoS 1. */
  async command(
    packet: Uint8Array | string,
    correlation: string,
    userProperties: Record<string, string> = {},
    options: { topic?: string; responseTopic?: string; retain?: boolean; expiryS?: number; qos?: 0 | 1 } = {},
  ): Promise<void> {
    const { topic = 'serial/bench/arm/tx', retain = false, expiryS = 10, qos = 1 } = options;
    const { responseTopic = topic.replace(/tx$/, 'result') } = options;
    await this.client.publishAsync(topic, packet as Buffer, {
      qos,
      retain,
      properties: {
        responseTopic,
        correlationData: Buffer.from(correlation),
        messageExpiryInterval: expiryS,
        // Empty user properties would keep MQTT.js from sending anything.
        ...(Object.keys(userProperties).length > 0 && { userProperties }),
      },
    });
  }

  /** The messages so far on topics with this end. */
  on(end: string) {
    return this.messages.filter(({ topic }) => topic.endsWith(end));
  }

  /** Resolves when there are `count` messages on topics with this end. */
  async count(end: string, count: number) {
    while (this.on(end).length < count) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
    return this.on(end);
  }
}

/** A communicator with one connection "arm" to the bridge "bench". It is shut down at the end of the test. */
export function newRemote(
  broker: Mosquitto,
  connection: Partial<MqttConnection> = {},
  options: Partial<MqttCommunicatorOptions> = {},
) {
  const remote = new MqttCommunicator({ url: broker.url, maxReconnectDelayMs: 200, ...options });
  remote.addConnection('arm', { bridge: 'bench', ...connection });
  onTestFinished(() => remote[Symbol.asyncDispose]());
  const inbox = new Inbox();
  remote.setReceiveHandler(inbox.handler);
  return { remote, inbox };
}

/** A broker, a device, a bridge that is online, and a communicator that is initialized. */
export async function startAll(
  device: Partial<MockDeviceOptions> = { echo: true },
  settings: SerialSettings = {},
  connection: Partial<MqttConnection> = {},
  options: Partial<MqttBridgeOptions> = {},
) {
  const broker = await startBroker();
  const parts = await startDevice(device, settings);
  const bridge = newBridge(parts.serial, broker, options);
  await bridge.start();
  const { remote, inbox } = newRemote(broker, connection);
  await remote.initialize();
  return { broker, bridge, remote, inbox, ...parts };
}

/** Checks the equations of MqttStats and of BridgeStats. No packet may wait for a busy handler. */
export function expectNothingUncounted(counted: { remote?: MqttCommunicator; bridge?: MqttBridge }): void {
  if (counted.bridge !== undefined) {
    const stats = counted.bridge.stats('arm');
    expect(stats.packetsReceived).toBe(stats.packetsPublished + stats.packetsNotPublished + stats.packetsWaiting);
    expect(stats.commandsReceived).toBe(
      stats.commandsSucceeded +
        stats.commandsFailed +
        stats.commandsWaiting +
        stats.commandsRetained +
        stats.commandsDuplicate +
        stats.commandsExpired +
        stats.commandsMalformed,
    );
  }
  if (counted.remote !== undefined) {
    const stats = counted.remote.stats('arm');
    expect(stats.packetsReceived).toBe(
      stats.packetsDelivered + stats.packetsWithoutHandler + stats.packetsDropped + stats.packetsOverflowed,
    );
    expect(stats.packetsAccepted).toBe(
      stats.packetsSent +
        stats.packetsAborted +
        stats.packetsTimedOut +
        stats.packetsFailed +
        stats.packetsShutDown +
        stats.packetsWaiting,
    );
  }
}
