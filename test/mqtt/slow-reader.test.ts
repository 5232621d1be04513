import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { MqttStats } from '../../src/mqtt/index.js';
import { MOSQUITTO_MISSING } from '../support/mosquitto.js';
import { expectNothingUncounted, startAll } from './bridge-rig.js';

/** A communicator in a process of its own, with the built library. It ends with the test. */
class ReaderProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(url: string) {
    const program = path.join(import.meta.dirname, 'reader-process.mjs');
    this.child = spawn(process.execPath, [program, url], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  async line(): Promise<string> {
    const [chunk] = await once(this.child.stdout, 'data');
    return String(chunk).trim();
  }

  async stats(): Promise<MqttStats> {
    const line = this.line();
    this.child.stdin.write('\n');
    return JSON.parse(await line) as MqttStats;
  }
}

describe.skipIf(MOSQUITTO_MISSING !== '')(`a reader that is too slow for the broker${MOSQUITTO_MISSING}`, () => {
  test('gets every packet or counts it as missed; the bridge and other readers are not affected', async () => {
    const { broker, bridge, device, remote, inbox } = await startAll({});
    const slow = new ReaderProcess(broker.url);
    expect(await slow.line()).toBe('ready');
    slow.child.kill('SIGSTOP');
    const packet = new Uint8Array(50_000);
    const count = 400;
    for (let index = 0; index < count; index++) {
      await device.send(packet);
      // Not faster than the other reader reads.
      await inbox.count(index + 1);
    }
    slow.child.kill('SIGCONT');
    // What the broker has kept for it arrives first; what it has dropped, as newer versions do, shows by the next one that it gets.
    let sent = count;
    let stats: MqttStats;
    do {
      await device.send(Uint8Array.of(1));
      sent++;
      await inbox.count(sent);
      stats = await slow.stats();
    } while (stats.packetsReceived + stats.packetsMissed < count);
    await expect
      .poll(async () => {
        const { packetsReceived, packetsMissed } = await slow.stats();
        return packetsReceived + packetsMissed;
      })
      .toBe(sent);
    expect(remote.stats('arm')).toMatchObject({ packetsReceived: sent, packetsMissed: 0 });
    expect(bridge.stats('arm')).toMatchObject({ packetsPublished: sent, packetsNotPublished: 0 });
    expectNothingUncounted({ remote, bridge });
  });
});
