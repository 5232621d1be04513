import { describe, expect, test } from 'vitest';
import { type LinkDevice, startLinkDevice } from '../../sercom/test/support/link-device.js';
import type { ConnectionError } from '../../src/index.js';
import { outcome } from '../contract/harness.js';
import { MOSQUITTO_MISSING } from '../support/mosquitto.js';
import { has } from '../support/tools.js';
import { BridgeProcess } from './bridge-process.js';
import { newRemote, startBroker } from './bridge-rig.js';

const NEEDS = MOSQUITTO_MISSING + (has('cc') ? '' : ' (needs cc)');

const numbered = (index: number) => Uint8Array.of(index >> 8, index & 0xff, 0, 7);

/** The numbers of the packets that the application of the device has taken, in order. */
function taken(device: LinkDevice): number[] {
  return [...device.process.stdout.matchAll(/^packet (\w{4})0007$/gm)].map(([, hex]) => Number.parseInt(hex!, 16));
}

describe.skipIf(NEEDS !== '')(`acknowledged delivery through a broker${NEEDS}`, () => {
  test('each send that resolved is taken by the device, while broker and bridge are killed in mid-traffic', async () => {
    const broker = await startBroker();
    const device = await startLinkDevice();
    const bridge = new BridgeProcess(broker, device.path, { delivery: 'acknowledged' }, { qos: 1 });
    await bridge.start();
    const { remote, inbox } = newRemote(broker, { whenDisconnected: 'wait', sendTimeoutMs: 30_000 });
    await remote.initialize();

    let isOver = false;
    const ends: Promise<{ number: number; error: ConnectionError | undefined }>[] = [];
    const sending = (async () => {
      while (!isOver) {
        const number = ends.length;
        const end = outcome(remote.send('arm', numbered(number)));
        ends.push(
          end.then((result) => ({ number, error: 'error' in result ? (result.error as ConnectionError) : undefined })),
        );
        if (number % 8 === 7) {
          await end;
        }
      }
    })();
    const progress = async () => {
      const before = inbox.arrivals.length;
      await inbox.count(before + 30);
    };

    await progress();
    await broker.kill();
    await broker.restart();
    await progress();
    // So far only the broker was lost: each packet was taken once, in order.
    const first = taken(device);
    expect(first).toEqual(first.map((_, index) => index));

    await bridge.kill();
    await bridge.start();
    await progress();
    await broker.kill();
    await bridge.kill();
    await broker.restart();
    await bridge.start();
    await progress();
    isOver = true;
    await sending;
    const results = await Promise.all(ends);

    const resolved = results.filter(({ error }) => error === undefined).map(({ number }) => number);
    // What the device prints may arrive later than the result.
    const missing = () => {
      const all = new Set(taken(device));
      return resolved.filter((number) => !all.has(number));
    };
    await expect.poll(missing, { timeout: 5_000 }).toEqual([]);
    // Also after the bridge was killed.
    expect(resolved.at(-1)).toBeGreaterThan(first.length);
    // What was rejected was in flight when the bridge was killed, or was never sent.
    const refused = results.filter(({ error }) => error?.delivered === 'no').map(({ number }) => number);
    expect(taken(device).filter((number) => refused.includes(number))).toEqual([]);
    await remote.shutdown();
    await bridge.kill();
  });
});
