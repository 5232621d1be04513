// A USB device made of this kernel's own parts: cdc_acm sees it at /dev/ttyACM*, the device's end is /dev/ttyGS*.
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
  takeApart(`${GADGETS}/${name}`);
}

/** One packet of 198 bytes as it stands on the wire, written by hand: no encoder of the library has a part in it. */
const FRAME = `\xc7${'A'.repeat(198)}\0`;
writeFileSync('/tmp/frames', Buffer.from(FRAME.repeat(100), 'latin1'));

/** When this file is there, devices that read later do so. */
const GO_ON = '/tmp/go-on';

/** What the device's end can do. Busybox does it in a process of its own, whose input and output are the port. */
const BEHAVIOURS = {
  echo: 'exec cat',
  flood: 'while cat /tmp/frames; do :; done',
  floodAndRead: 'cat >/dev/null <&3 & while cat /tmp/frames; do :; done',
  trickle: 'while cat /tmp/frames; do usleep 20000; done',
  read: 'exec cat >/dev/null',
  readNothing: 'exec sleep 1000',
  // Keeps what it reads. A gadget whose port is closed and opened again while it is stalled never reads again: that is
  // the kernel's, so this one is open all the time.
  readLater: `until [ -e ${GO_ON} ]; do usleep 50000; done; exec cat >/tmp/read-by-$$`,
};

/** How long a device may take to be seen; then it is plugged in anew, as a person would do. */
const PLUG_LIMIT_MS = 8_000;

export class Gadget {
  #folder;
  #controller;
  #deviceEnds;
  #processes = [];

  /** A device that is not plugged in. `index` is 0 or 1; a script makes one of each at most. */
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
    // However the script ends, the next one finds no device plugged in.
    process.on('exit', () => this.unplug());
  }

  /** What the host calls its ports, while it is plugged in. */
  get paths() {
    const names = readdirSync('/sys/class/tty').filter((name) => name.startsWith('ttyACM'));
    const isMine = (name) => readText(`/sys/class/tty/${name}/device/../serial`) === this.serialNumber;
    return names.filter((name) => isMine(name) && existsSync(`/dev/${name}`)).map((name) => `/dev/${name}`);
  }

  /** Plugs it in: the host will see it. */
  attach() {
    this.#set('UDC', this.#controller);
  }

  /** Plugs it in, and waits until the host has seen it. */
  async plug() {
    const isSeen = () => this.paths.length === this.#deviceEnds.length;
    for (let tries = 1; ; tries++) {
      this.attach();
      try {
        await until(`${this.serialNumber} is seen`, isSeen, PLUG_LIMIT_MS);
        return;
      } catch (error) {
        // The emulated USB host gives up on a device that it had no time for.
        if (tries === 3) {
          throw error;
        }
        this.#set('UDC', '\n');
      }
    }
  }

  /** Unplugs it, if it is plugged in. */
  unplug() {
    if (readText(`${this.#folder}/UDC`) !== '') {
      this.#set('UDC', '\n');
    }
    this.rest();
  }

  /** From now on the device does this, at each of its ports. With `rest` it has not even opened them. */
  behave(name) {
    this.rest();
    rmSync(GO_ON, { force: true });
    const ends = name === 'rest' ? [] : this.#deviceEnds;
    this.#processes = ends.map((end) => {
      const script = `exec 3<>${end}; stty raw -echo <&3; exec <&3 >&3; ${BEHAVIOURS[name]}`;
      // In a group of its own, which can be ended as a whole.
      const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
      child.unref();
      return child;
    });
  }

  /** A device that reads later does so now, and keeps what it reads. */
  goOn() {
    writeFileSync(GO_ON, '');
  }

  /** How many bytes a device has read that reads later. */
  get bytesRead() {
    const files = this.#processes.map(({ pid }) => `/tmp/read-by-${pid}`);
    return files.reduce((sum, file) => sum + statSync(file).size, 0);
  }

  /** The device does nothing. */
  rest() {
    for (const { pid } of this.#processes) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It ended by itself, as the device was unplugged.
      }
    }
    this.#processes = [];
  }

  #set(file, value) {
    writeFileSync(`${this.#folder}/${file}`, value);
  }
}

/** What a script before this one has made. */
function takeApart(folder) {
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
