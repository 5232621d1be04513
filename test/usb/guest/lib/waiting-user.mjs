// A process that waits for devices. Each message to it is a connection to open, which replaces the previous one. It reports
// when it is ready, connected and disconnected.
import { Watched } from './links.mjs';

let link;

process.on('message', async (connection) => {
  await link?.serial.shutdown();
  link = new Watched(connection);
  for (const event of ['connected', 'disconnected']) {
    link.serial.on(event, () => process.send(event));
  }
  await link.serial.initialize();
  process.send('ready');
});
process.on('disconnect', () => link?.serial.shutdown());
