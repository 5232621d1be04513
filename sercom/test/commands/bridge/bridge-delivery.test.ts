import { MqttCommunicator } from 'serial-communicator/mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MOSQUITTO_MISSING } from '../../../../test/support/mosquitto.js';
import { has } from '../../../../test/support/tools.js';
import { type LinkDevice, startLinkDevice } from '../../support/link-device.js';
import { startBroker } from '../../support/mqtt-clients.js';
import { type RunningProcess, start } from '../../support/sercom-process.js';

const ONLINE = /press Ctrl-C to stop\n/;
const PACKETS = 60;

const needs = MOSQUITTO_MISSING === '' && has('cc');

/** The packets that the application of the device has taken until now, in order. */
async function taken({ process, tell }: LinkDevice): Promise<number[]> {
  // What it has printed before its answer has arrived then.
  await tell('echo off');
  return [...process.stdout.matchAll(/^packet (\w\w)$/gm)].map(([, hex]) => Number.parseInt(hex!, 16));
}

/** A device with acknowledged delivery, a broker, a bridge between them, and an application. */
async function openFleet() {
  const broker = await startBroker();
  const device = await startLinkDevice();
  await device.tell('echo off');
  const options = ['--mqtt', broker.url, '--name', 'bench', '--qos', '1', '--delivery', 'acknowledged'];
  const startBridge = async (): Promise<RunningProcess> => {
    const bridge = start('bridge', `arm=${device.path}`, ...options);
    await bridge.complained(ONLINE);
    return bridge;
  };
  const bridge = await startBridge();
  const remote = new MqttCommunicator({ url: broker.url });
  remote.addConnection('arm', { bridge: 'bench', whenDisconnected: 'wait', sendTimeoutMs: 60_000 });
  await remote.initialize();
  onTestFinished(() => remote[Symbol.asyncDispose]());
  /** Sends numbered packets, and does something when one of them has been sent. Returns what became of each. */
  const sendAll = async (events: Readonly<Record<number, () => Promise<unknown>>>): Promise<string[]> => {
    const sends: Promise<string>[] = [];
    for (let number = 0; number < PACKETS; number++) {
      const sending = remote.send('arm', Uint8Array.of(number)).then(
        () => 'resolved',
        ({ code }) => code as string,
      );
      sends.push(sending);
      if (events[number] !== undefined) {
        // Some of the packets before are on their way.
        await sends[number - 10];
        await events[number]!();
      }
    }
    return Promise.all(sends);
  };
  return { broker, device, bridge, startBridge, sendAll };
}

describe.skipIf(!needs)('sercom bridge with acknowledged delivery, end to end (needs mosquitto, cc)', () => {
  test('delivers every packet exactly once and in order, although the broker is killed', {
    timeout: 60_000,
  }, async () => {
    const { broker, device, sendAll } = await openFleet();
    const outcomes = await sendAll({
      20: async () => {
        await broker.kill();
        await broker.restart();
      },
    });
    expect(new Set(outcomes)).toEqual(new Set(['resolved']));
    expect(await taken(device)).toEqual(Array.from({ length: PACKETS }, (_, number) => number));
  });

  test('has delivered every packet whose send resolved, although the bridge is killed', {
    timeout: 60_000,
  }, async () => {
    const { device, bridge, startBridge, sendAll } = await openFleet();
    const outcomes = await sendAll({
      20: async () => {
        bridge.child.kill('SIGKILL');
        await bridge.outcome();
        await startBridge();
      },
    });
    const resolved = outcomes.flatMap((outcome, number) => (outcome === 'resolved' ? [number] : []));
    expect(await taken(device)).toEqual(expect.arrayContaining(resolved));
    // Those that were on their way are rejected: it is unknown whether the bridge had sent them.
    expect(['resolved', 'BRIDGE_OFFLINE']).toEqual(expect.arrayContaining([...new Set(outcomes)]));
    expect(outcomes.slice(21)).toEqual(outcomes.slice(21).fill('resolved'));
  });
});
