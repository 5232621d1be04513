import { describe, expect, onTestFinished, test } from 'vitest';
import { MqttBridge, type MqttBridgeEvents } from '../../src/mqtt/index.js';
import { MOSQUITTO_MISSING } from '../support/mosquitto.js';
import { ForeignClient, newBridge, startBroker, startDevice } from './bridge-rig.js';

const OTHER = '0123456789abcdef';
const TAKEN = { name: 'ConnectionError', code: 'BRIDGE_NAME_TAKEN', connection: 'bench' };

/** What a foreign client publishes in the place of a bridge. */
async function announce(foreign: ForeignClient, state: 'online' | 'offline', retain = true): Promise<void> {
  const userProperties = { instance: OTHER, host: 'elsewhere', pid: '77', version: '1' };
  await foreign.client.publishAsync('serial/bench/state', state, { qos: 1, retain, properties: { userProperties } });
}

/** The retained state, as a client sees it that comes now. */
async function retainedState(broker: Parameters<typeof ForeignClient.connect>[0]) {
  const foreign = await ForeignClient.connect(broker, 'serial/bench/state');
  const [state] = await foreign.count('/state', 1);
  return { text: state!.text, ...(state!.message.properties!.userProperties as { instance: string }) };
}

describe.skipIf(MOSQUITTO_MISSING !== '')(`the name of a bridge${MOSQUITTO_MISSING}`, () => {
  test('a second bridge of the same name is refused, with the reason; the first is not disturbed', async () => {
    const broker = await startBroker();
    const { serial } = await startDevice({ echo: true });
    const first = newBridge(serial, broker);
    const events: unknown[] = [];
    first.on('offline', (event) => events.push(event));
    await first.start();
    const before = await retainedState(broker);
    const second = newBridge((await startDevice()).serial, broker);
    await expect(second.start()).rejects.toMatchObject({
      ...TAKEN,
      message: expect.stringMatching(
        new RegExp(`^bridge "bench": another bridge .* on host .*, process ${process.pid} .*serial/bench/state.*name`),
      ),
    });
    expect(second.state).toBe('stopped');
    expect(await retainedState(broker)).toEqual(before);
    expect(before.text).toBe('online');
    expect([first.state, events]).toEqual(['online', []]);
    // Another name, or another base, is another bridge.
    await newBridge((await startDevice()).serial, broker, { name: 'desk' }).start();
    await newBridge((await startDevice()).serial, broker, { base: 'lab/serial' }).start();
  });

  test('of several that start at once, one gets the name, and the retained state is its own', async () => {
    const broker = await startBroker();
    const foreign = await ForeignClient.connect(broker, 'serial/bench/arm/state');
    const bridges = await Promise.all([1, 2, 3, 4, 5].map(async () => newBridge((await startDevice()).serial, broker)));
    const results = await Promise.allSettled(bridges.map((bridge) => bridge.start()));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', ...Array(4).fill('rejected')]);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject(TAKEN);
      }
    }
    expect(bridges.filter(({ state }) => state === 'online')).toHaveLength(1);
    // Only the one that has the name publishes the state of its device.
    const [device] = foreign.on('/arm/state');
    const { instance } = device!.message.properties!.userProperties as { instance: string };
    await expect.poll(() => retainedState(broker)).toMatchObject({ text: 'online', instance });
    expect(foreign.on('/arm/state')).toHaveLength(1);
  });

  test('the state of a bridge that is gone does not matter, after it had time to answer', async () => {
    const broker = await startBroker();
    const foreign = await ForeignClient.connect(broker);
    await announce(foreign, 'online');
    const bridge = newBridge((await startDevice()).serial, broker);
    const startedAt = performance.now();
    await bridge.start();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_990);
    expect((await retainedState(broker)).instance).not.toBe(OTHER);
  });

  test('a bridge that goes offline while another one waits for its answer leaves the name to it', async () => {
    const broker = await startBroker();
    const foreign = await ForeignClient.connect(broker, 'serial/bench/claim');
    await announce(foreign, 'online');
    const bridge = newBridge((await startDevice()).serial, broker);
    const starting = bridge.start();
    await foreign.count('/claim', 1);
    await announce(foreign, 'offline');
    await starting;
    expect(bridge.state).toBe('online');
  });

  test.each(['offline', 'online'] as const)('puts a foreign "%s" right while it has the name', async (state) => {
    const broker = await startBroker();
    const bridge = newBridge((await startDevice()).serial, broker);
    await bridge.start();
    const { instance } = await retainedState(broker);
    const foreign = await ForeignClient.connect(broker, 'serial/bench/state');
    await foreign.count('/state', 1);
    await announce(foreign, state);
    const states = await foreign.count('/state', 3);
    expect(states[2]!.text).toBe('online');
    expect(await retainedState(broker)).toMatchObject({ text: 'online', instance });
    expect(bridge.state).toBe('online');
  });

  test('a bridge that does not answer in time loses the name, and stops', async () => {
    const broker = await startBroker();
    const { serial } = await startDevice();
    const bridge = newBridge(serial, broker);
    const lost = new Promise<MqttBridgeEvents['offline']>((resolve) => bridge.once('offline', resolve));
    await bridge.start();
    // Both in one turn: the bridge cannot have answered the claim when the other one is online.
    const foreign = await ForeignClient.connect(broker);
    await Promise.all([
      foreign.client.publishAsync('serial/bench/claim', OTHER, { qos: 1 }),
      announce(foreign, 'online'),
    ]);
    expect(await lost).toMatchObject({
      error: { ...TAKEN, message: expect.stringContaining('on host elsewhere, process 77') },
    });
    expect((await lost).willReconnect).toBe(false);
    expect(bridge.state).toBe('stopped');
    await bridge.stop();
    const next = newBridge(serial, broker);
    await next.start();
  });

  test('after the broker was restarted, the bridge has its name again', async () => {
    const broker = await startBroker();
    const bridge = newBridge((await startDevice()).serial, broker);
    const events: string[] = [];
    bridge.on('online', () => events.push('online'));
    bridge.on('offline', ({ error, willReconnect }) => events.push(`${error.code} ${willReconnect}`));
    await bridge.start();
    const { instance } = await retainedState(broker);
    await broker.kill();
    await expect.poll(() => bridge.state).toBe('connecting');
    await broker.restart();
    await expect.poll(() => bridge.state, { timeout: 10_000 }).toBe('online');
    expect(await retainedState(broker)).toMatchObject({ text: 'online', instance });
    expect(events).toEqual(['online', 'BROKER_OFFLINE true', 'online']);
  });

  test('start fails if the broker cannot be reached; with required: false it waits for it', async () => {
    const broker = await startBroker();
    await broker.kill();
    const { serial } = await startDevice();
    const failing = newBridge(serial, broker);
    await expect(failing.start()).rejects.toMatchObject({
      code: 'BROKER_OFFLINE',
      message: expect.stringMatching(
        /^bridge "bench": broker mqtt:\/\/127.0.0.1:\d+: it refused the connection; check that the broker runs/,
      ),
    });
    expect(failing.state).toBe('stopped');
    await expect(failing.start()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    const patient = newBridge(serial, broker, { required: false });
    const offline = new Promise((resolve) => patient.once('offline', resolve));
    const starting = patient.start();
    await offline;
    await broker.restart();
    await starting;
    expect(patient.state).toBe('online');
  });

  test('stop while it connects rejects start; stop before start, and again, does nothing', async () => {
    const broker = await startBroker();
    await broker.kill();
    const { serial } = await startDevice();
    const bridge = newBridge(serial, broker, { required: false });
    const starting = bridge.start();
    starting.catch(() => undefined);
    await Promise.all([bridge.stop(), bridge.stop()]);
    await expect(starting).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' });
    await broker.restart();
    const stopped = newBridge(serial, broker, { mqtt: { clientId: 'stopped-early' } });
    const early = stopped.start();
    early.catch(() => undefined);
    await stopped.stop();
    await expect(early).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' });
    await ForeignClient.connect(broker);
    expect(broker.log).not.toContain('stopped-early');
    const unused = new MqttBridge(serial, { url: broker.url, name: 'unused' });
    onTestFinished(() => unused.stop());
    await unused.stop();
    expect(unused.state).toBe('stopped');
  });
});
