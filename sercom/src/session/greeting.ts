import { setTimeout as delay } from 'node:timers/promises';
import type { RecordConsumer } from '../records/source.js';
import type { LivePorts } from './live-ports.js';

const INTERVAL_MS = 1_000;

/**
 * Sends `hello 1`, `hello 2` and so on, once a second, to a device that only replies. Never resolves; rejects when the
 * ports are closed.
 *
 * @param take - gets the record of each packet
 */
export async function greet(name: string, ports: LivePorts, take: RecordConsumer): Promise<never> {
  for (let number = 1; ; number++) {
    // The port may be released.
    await ports.ready(name);
    await ports.send(name, Buffer.from(`hello ${number}`), { take });
    await delay(INTERVAL_MS, undefined, { signal: ports.signal });
  }
}
