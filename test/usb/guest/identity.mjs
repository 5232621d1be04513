// Are devices found by their identity when they return under a different name?
import { closeSync, constants, openSync } from 'node:fs';
import { SerialCommunicator } from 'serial-communicator';
import { Adapter } from './lib/adapter.mjs';
import { Gadget } from './lib/gadget.mjs';
import { report } from './lib/host.mjs';
import { Watched } from './lib/links.mjs';
import { until } from './lib/wait.mjs';

/** Sends a packet and waits for its echo. */
async function echoes(link) {
  const { packets } = link;
  await link.serial.send('board', Uint8Array.of(1, 0, 2));
  await until('the echo arrives', () => link.packets > packets);
}

/** Unplugs the device and plugs it in again, twice. The first time, its old port stays open, so its name changes. */
async function returnTwice(device, selector) {
  await device.plug();
  const link = new Watched({ device: selector, required: true });
  link.receive();
  const paths = [];
  link.serial.on('connected', ({ path, info }) => paths.push([path, info.serialNumber]));
  await link.serial.initialize();
  await until('it is connected', () => paths.length === 1);
  device.behave('echo');
  await echoes(link);
  const kept = openSync(paths[0][0], constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  for (const isKept of [true, false]) {
    const { length } = paths;
    device.unplug();
    await until('the disconnect is reported', () => link.count('disconnected') === length);
    if (!isKept) {
      closeSync(kept);
    }
    await device.plug();
    await until('it is connected again', () => paths.length > length);
    device.behave('echo');
    await echoes(link);
  }
  await link.serial.shutdown();
  device.unplug();
  return { paths, stats: link.serial.stats('board') };
}

const first = new Gadget('GADGET42');
report('gadget', await returnTwice(first, { serialNumber: 'GADGET42' }));
const adapter = new Adapter();
report('adapter', await returnTwice(adapter, { vendorId: '0403', productId: '6001', serialNumber: 'BENCH0001' }));

const second = new Gadget('GADGET43', { index: 1 });
await first.plug();
await second.plug();
async function connect(device) {
  const serial = new SerialCommunicator();
  let path = 'none';
  serial.on('connected', (event) => {
    path = event.path;
  });
  serial.addConnection('board', { device, baudRate: 115_200 });
  try {
    await serial.initialize();
  } catch (error) {
    const [{ code, message }] = error.errors;
    return { code, message };
  }
  await serial.shutdown();
  return { path };
}
report('two', {
  paths: { first: first.paths, second: second.paths },
  bySerialNumber: await connect({ serialNumber: 'gadget43' }),
  byProduct: await connect({ vendorId: '2341', productId: '0043' }),
  byOther: await connect({ serialNumber: 'GADGET44' }),
});
first.unplug();
await until('the first device is gone', () => first.paths.length === 0);
report('one', await connect({ vendorId: '2341', productId: '0043' }));
