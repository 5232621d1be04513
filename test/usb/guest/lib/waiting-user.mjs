// A process that waits for devices: each message to it is a connection to wait with, instead of the one before. It
// says when it is ready, connected and disconnected.
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
