import { setTimeout as delay } from 'node:timers/promises';
import type { Session } from './session.js';

const INTERVAL_MS = 1_000;

/**
 * Sends `hello 1`, `hello 2` and so on, once a second, to a device that only speaks when it is spoken to. Never
 * resolves; rejects when the session ends.
 *
 * @param take - is given the record of each
 */
export async function greet(name: string, session: Session, take: Session['show'] = session.show): Promise<never> {
  for (let number = 1; ; number++) {
    await take(await session.send(name, Buffer.from(`hello ${number}`)));
    await delay(INTERVAL_MS, undefined, { signal: session.signal });
  }
}
