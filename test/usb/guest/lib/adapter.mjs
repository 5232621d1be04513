// The FTDI adapter that QEMU plugs in: ftdi_sio sees it at /dev/ttyUSB*, with serial number BENCH0001.
import { readdirSync } from 'node:fs';
import { attachAdapter, detachAdapter, floodAdapter } from './host.mjs';
import { until } from './wait.mjs';

export class Adapter {
  get paths() {
    return readdirSync('/dev')
      .filter((name) => name.startsWith('ttyUSB'))
      .map((name) => `/dev/${name}`);
  }

  async plug() {
    attachAdapter();
    await until('the adapter is seen', () => this.paths.length === 1);
  }

  unplug() {
    detachAdapter();
    floodAdapter(false);
  }

  /** What is written to it always comes back; with `flood` it sends without end besides. */
  behave(name) {
    floodAdapter(name === 'flood');
  }
}
