// Does opening a 16550A notice a baud rate that it cannot do? It reaches 115,200 bit/s.
import { report } from './lib/host.mjs';
import { Watched } from './lib/links.mjs';

const opened = {};
for (const baudRate of [9_600, 115_200, 250_000]) {
  const link = new Watched({ path: '/dev/ttyS3', baudRate, reconnect: false });
  link.serial.on('connected', (event) => {
    opened[baudRate] = event.baudRate;
  });
  try {
    await link.serial.initialize();
    await link.serial.shutdown();
  } catch ({ errors: [error] }) {
    opened[baudRate] = `${error.code} ${error.message}`;
  }
}
report('opened', opened);
