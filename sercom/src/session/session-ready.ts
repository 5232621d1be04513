import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { SessionPort } from '../ports/open-ports.js';
import { count } from '../text/count.js';
import { within } from '../within.js';
import { whyNoSession } from './diagnosis.js';
import type { LivePorts } from './live-ports.js';

/**
 * Waits for the handshake of a connection with acknowledged delivery.
 *
 * @param timeoutMs - Default: no limit, because the port may be missing for any time
 * @throws CliError (timeout) if the device does not answer in time, an error of the library if it is incompatible
 */
export async function sessionReady(
  { name }: SessionPort,
  live: LivePorts,
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  const ready = live.ready(name);
  if (timeoutMs === Number.POSITIVE_INFINITY || (await within(timeoutMs, ready, live.signal))) {
    await ready;
    return;
  }
  const why = whyNoSession(live.stats(name), live.unframed(name));
  throw new CliError(
    ExitCode.timeout,
    `no session with "${name}" within ${count(timeoutMs / 1_000, 'second')}; ${why}`,
  );
}
