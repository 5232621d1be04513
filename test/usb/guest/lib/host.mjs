// The messages from a guest script to the host that runs the machine.
import { openSync, writeSync } from 'node:fs';

const port = openSync('/dev/ttyS1', 'w');

const write = (message) => writeSync(port, `${JSON.stringify(message)}\n`);

/** Reports a fact, which a test on the host judges. */
export const report = (fact, value) => write({ fact, value });

/** Makes the host plug the FTDI adapter in, or unplug it. */
export const attachAdapter = () => write({ adapter: 'attach' });
export const detachAdapter = () => write({ adapter: 'detach' });

/** Sets whether the far end of the adapter sends continuously. It always echoes what it receives. */
export const floodAdapter = (flood) => write({ flood });
