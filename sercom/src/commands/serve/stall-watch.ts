import { printMessage } from '../../terminal/message.js';
import type { PortWriter } from './port-writer.js';

/** A device that accepts nothing for this long is reported. */
const PATIENCE_MS = 3_000;

/** What a driver may send before it accepts more: the buffer of a tty, and ten bits for a byte. */
const DRIVER_BITS = 40_960;

const CHECK_MS = 500;

/**
 * Reports a device that accepts nothing, each time that begins.
 *
 * @param baudRate - gives the speed of the line, in bit/s; 0 if it is not known
 * @returns the timer, to be cleared at the end
 */
export function watchStalls(
  name: string,
  writer: Pick<PortWriter, 'stalledMs'>,
  baudRate: () => number,
): NodeJS.Timeout {
  let isReported = false;
  return setInterval(() => {
    const bitsPerSecond = baudRate();
    const sendingMs = bitsPerSecond === 0 ? 0 : (DRIVER_BITS * 1_000) / bitsPerSecond;
    const isStalled = writer.stalledMs() > PATIENCE_MS + sendingMs;
    if (isStalled && !isReported) {
      const advice = 'check that its program reads the port, and the flow control (--rtscts, --xon)';
      printMessage(`"${name}": the device accepts no bytes, so its clients wait: ${advice}`);
    }
    isReported = isStalled;
  }, CHECK_MS);
}
