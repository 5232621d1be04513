// A USB device built from parts of this kernel: cdc_acm shows it as /dev/ttyACM*, its device end is /dev/ttyGS*.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { until } from './wait.mjs';

const GADGETS = '/sys/kernel/config/usb_gadget';
const controllers = readdirSync('/sys/class/udc').sort();

for (const name of readdirSync(GADGETS)) {
  removeGadget(`${GADGETS}/${name}`);
}

/** The wire bytes of one packet of 198 bytes, written by hand, without the library's encoder. */
const FRAME = `\xc7${'A'.repeat(198)}\0`;
writeFileSync('/tmp/frames', Buffer.from(FRAME.repeat(100), 'latin1'));

/** Devices with `readLater` start to read when this file exists. */
const READ_NOW = '/tmp/read-now';

/** What the device can do: busybox scripts, whose input and output are the port. */
const BEHAVIORS = {
  echo: 'exec cat',
  flood: 'while cat /tmp/frames; do :; done',
  floodAndRead: 'cat >/dev/null <&3 & while cat /tmp/frames; do :; done',
  trickle: 'while cat /tmp/frames; do usleep 20000; done',
  read: 'exec cat >/dev/null',
  readNothing: 'exec sleep 1000',
  // Saves what it reads. It keeps its port open, because a gadget whose port is closed and reopened during a stall never
  // reads again (a bug in the kernel).
  readLater: `until [ -e ${READ_NOW} ]; do usleep 50000; done; exec cat >/tmp/read-by-$$`,
};

/** If a device does not appear within this time, it is unplugged and plugged in again, as a person would do. */
const PLUG_LIMIT_MS = 8_000;

export class Gadget {
  #folder;
  #controller;
  #deviceEnds;
  #processes = [];

  /** Creates a device that is not plugged in. `index` is 0 or 1; a script can have one device of each. */
  constructor(serialNumber, { index = 0, ports = 1 } = {}) {
    this.serialNumber = serialNumber;
    this.#controller = controllers[index];
    this.#folder = `${GADGETS}/${serialNumber}`;
    mkdirSync(`${this.#folder}/strings/0x409`, { recursive: true });
    mkdirSync(`${this.#folder}/configs/c.1`, { recursive: true });
    this.#set('idVendor', '0x2341');
    this.#set('idProduct', '0x0043');
    this.#set('strings/0x409/serialnumber', serialNumber);
    this.#set('strings/0x409/manufacturer', 'Bench');
    this.#deviceEnds = Array.from({ length: ports }, (_, port) => {
      const name = `acm.${serialNumber}-${port}`;
      mkdirSync(`${this.#folder}/functions/${name}`);
      symlinkSync(`${this.#folder}/functions/${name}`, `${this.#folder}/configs/c.1/${name}`);
      return `/dev/ttyGS${readFileSync(`${this.#folder}/functions/${name}/port_num`, 'utf8').trim()}`;
    });
    // Leave no device plugged in for the next script.
    process.on('exit', () => this.unplug());
  }

  /** The paths of its ports on the host, while it is plugged in. */
  get paths() {
    const names = readdirSync('/sys/class/tty').filter((name) => name.startsWith('ttyACM'));
    const isMine = (name) => readText(`/sys/class/tty/${name}/device/../serial`) === this.serialNumber;
    return names.filter((name) => isMine(name) && existsSync(`/dev/${name}`)).map((name) => `/dev/${name}`);
  }

  /** Plugs it in. */
  attach() {
    this.#set('UDC', this.#controller);
  }

  /** Plugs it in, and waits until its ports appear. */
  async plug() {
    const hasAppeared = () => this.paths.length === this.#deviceEnds.length;
    for (let tries = 1; ; tries++) {
      this.attach();
      try {
        await until(`${this.serialNumber} appears`, hasAppeared, PLUG_LIMIT_MS);
        return;
      } catch (error) {
        // A busy emulated USB host gives up on a device.
        if (tries === 3) {
          throw error;
        }
        this.#set('UDC', '\n');
      }
    }
  }

  /** Unplugs it if it is plugged in. */
  unplug() {
    if (readText(`${this.#folder}/UDC`) !== '') {
      this.#set('UDC', '\n');
    }
    this.rest();
  }

  /** Starts a behavior at each of its ports. With `rest`, the device does not even open them. */
  behave(name) {
    this.rest();
    rmSync(READ_NOW, { force: true });
    const ends = name === 'rest' ? [] : this.#deviceEnds;
    this.#processes = ends.map((end) => {
      const script = `exec 3<>${end}; stty raw -echo <&3; exec <&3 >&3; ${BEHAVIORS[name]}`;
      // In a separate process group, which can be killed as a whole.
      const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
      child.unref();
      return child;
    });
  }

  /** Makes a device with `readLater` read now. */
  continueReading() {
    writeFileSync(READ_NOW, '');
  }

  /** The number of bytes that a device with `readLater` has read. */
  get bytesRead() {
    const files = this.#processes.map(({ pid }) => `/tmp/read-by-${pid}`);
    return files.reduce((sum, file) => sum + statSync(file).size, 0);
  }

  /** Ends the current behavior. */
  rest() {
    for (const { pid } of this.#processes) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It already exited when the device was unplugged.
      }
    }
    this.#processes = [];
  }

  #set(file, value) {
    writeFileSync(`${this.#folder}/${file}`, value);
  }
}

/** Removes a gadget that an earlier script created. */
function removeGadget(folder) {
  if (readText(`${folder}/UDC`) !== '') {
    writeFileSync(`${folder}/UDC`, '\n');
  }
  for (const name of readdirSync(`${folder}/functions`)) {
    unlinkSync(`${folder}/configs/c.1/${name}`);
    rmdirSync(`${folder}/functions/${name}`);
  }
  for (const name of ['configs/c.1', 'strings/0x409', '.']) {
    rmdirSync(path.resolve(folder, name));
  }
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
