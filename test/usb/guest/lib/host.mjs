// How a guest script talks to the host that runs the machine.
import { openSync, writeSync } from 'node:fs';

const line = openSync('/dev/ttyS1', 'w');

const say = (message) => writeSync(line, `${JSON.stringify(message)}\n`);

/** Tells something that was found out; the test on the host judges it. */
export const tell = (fact, value) => say({ fact, value });

/** Has the host plug the FTDI adapter in, or unplug it. */
export const attachAdapter = () => say({ adapter: 'attach' });
export const detachAdapter = () => say({ adapter: 'detach' });

/** Whether the far end of the adapter sends without end. It always sends back what it gets. */
export const floodAdapter = (flood) => say({ flood });
