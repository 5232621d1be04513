import { describe, expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { outcome } from '../contract/harness.js';
import { MOSQUITTO_MISSING } from '../support/mosquitto.js';
import { expectNothingUncounted, ForeignClient, newBridge, newRemote, startBroker } from './bridge-rig.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe.skipIf(MOSQUITTO_MISSING !== '')(`a bridge that was restarted${MOSQUITTO_MISSING}`, () => {
  test('packets wait until the communicator of a bridge that was restarted is initialized', async () => {
    const broker = await startBroker();
    const device = new MockDevice({ path: '/dev/ttyMOCK0' });
    const serial = new SerialCommunicator({ binding: mockBinding(device) });
    serial.addConnection('arm', { path: device.path, baudRate: 115_200 });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    const foreign = await ForeignClient.connect(broker, 'serial/bench/arm/+');
    await newBridge(serial, broker).start();
    const { remote } = newRemote(broker, { required: false, whenDisconnected: 'wait' });
    await remote.initialize();
    const sent = remote.send('arm', bytes(1));
    // It has asked twice for the clock.
    await foreign.count('/tx', 2);
    expect(remote.reachability('arm')).toBe('bridgeOffline');
    await foreign.command('too early', 'me:1');
    const [result] = await foreign.count('/result', 1);
    expect(result!.text).toBe('ILLEGAL_STATE');
    expect(result!.message.properties!.userProperties).toMatchObject({
      message: 'its communicator is not initialized yet, or was shut down',
      delivered: 'no',
    });
    await serial.initialize();
    await sent;
    expect(device.received).toEqual([bytes(1)]);
    expectNothingUncounted({ remote });
  });

  test('what a restarted bridge did not send may have been sent by the one before', async () => {
    const broker = await startBroker();
    const foreign = await ForeignClient.connect(broker, 'serial/bench/arm/tx');
    const online = async (instance: string) => {
      const properties = { userProperties: { instance } };
      await foreign.client.publishAsync('serial/bench/arm/state', 'connected', { retain: true, properties });
      await foreign.client.publishAsync('serial/bench/state', 'online', { retain: true, properties });
    };
    /** Answers the last message on `tx`. */
    const answer = async (instance: string, status: string) => {
      const { correlationData } = foreign.messages.at(-1)!.message.properties!;
      const userProperties = { instance, clock: '1000', status, delivered: 'no' };
      await foreign.client.publishAsync('serial/bench/arm/result', '', {
        properties: { correlationData: correlationData!, userProperties },
      });
    };
    const [before, after] = ['0123456789abcdef', 'fedcba9876543210'];
    await online(before);
    const { remote } = newRemote(broker, { required: false, whenDisconnected: 'wait' });
    await remote.initialize();
    await foreign.count('/tx', 1);
    await answer(before, 'ok');
    await remote.ready('arm');
    const sent = outcome(remote.send('arm', bytes(1)));
    await foreign.count('/tx', 2);
    await online(after);
    await foreign.count('/tx', 3);
    await answer(after, 'ok');
    await foreign.count('/tx', 4);
    await answer(after, 'CONNECTION_LOST');
    expect(await sent).toMatchObject({ error: { code: 'CONNECTION_LOST', delivered: 'unknown' } });
  });
});
