// QEMU's FTDI adapter: ftdi_sio shows it as /dev/ttyUSB*, with serial number BENCH0001.
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
    await until('the adapter appears', () => this.paths.length === 1);
  }

  unplug() {
    detachAdapter();
    floodAdapter(false);
  }

  /** It always echoes what it receives. With `flood`, it also sends continuously. */
  behave(name) {
    floodAdapter(name === 'flood');
  }
}
