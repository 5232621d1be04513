// What does the list of ports report about a gadget on cdc_acm and an adapter on ftdi_sio?
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { listPorts } from 'serial-communicator';
import { SerialPort } from 'serialport';
import { Adapter } from './lib/adapter.mjs';
import { Gadget } from './lib/gadget.mjs';
import { report } from './lib/host.mjs';
import { until } from './lib/wait.mjs';

const gadget = new Gadget('GADGET42');
const adapter = new Adapter();
await gadget.plug();
await adapter.plug();
execFileSync('udevadm', ['settle']);
report('listed', await listPorts());
report('listedByUdev', await SerialPort.list());
const sercom = 'node_modules/sercom/bin/sercom.js';
report('listedBySercom', JSON.parse(execFileSync('node', [sercom, 'list', '--json'], { encoding: 'utf8' })));

// List the ports continuously while a device comes and goes.
let lists = 0;
let isChanging = true;
const listing = (async () => {
  while (isChanging) {
    await listPorts();
    lists++;
  }
})();
for (let round = 0; round < 8; round++) {
  gadget.unplug();
  await sleep(10 * round);
  gadget.attach();
  await sleep(300 - 20 * round);
}
isChanging = false;
await listing;
gadget.unplug();
adapter.unplug();
await until('both devices are gone', () => gadget.paths.length + adapter.paths.length === 0);
report('afterwards', { lists, listed: await listPorts() });
