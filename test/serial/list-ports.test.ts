import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listPorts } from '../../src/index.js';
import { listLinuxPorts } from '../../src/serial/list-ports.js';

/** Lists a directory tree with the parts of /sys and /dev that matter for ports. */
describe('listing the ports of /sys', () => {
  let root: string;
  const sys = () => path.join(root, 'sys');
  const dev = () => path.join(root, 'dev');

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'list-ports-'));
    await mkdir(path.join(sys(), 'class/tty'), { recursive: true });
    await mkdir(path.join(dev(), 'serial/by-id'), { recursive: true });
  });
  afterEach(() => rm(root, { recursive: true }));

  async function addFiles(folder: string, files: Record<string, string>) {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(folder, name), text);
    }
  }

  /** As in the kernel, class/tty/NAME is a link to a directory below the hardware, whose `device` is a link back to it. */
  async function addPort(name: string, hardware: string, files: Record<string, string> = {}) {
    const folder = path.join(sys(), 'devices', hardware, 'tty', name);
    await addFiles(folder, files);
    await symlink(path.join(sys(), 'devices', hardware), path.join(folder, 'device'));
    await symlink(folder, path.join(sys(), 'class/tty', name));
  }

  test('lists USB devices with what they report, built-in ports without, and nothing else', async () => {
    const uno = 'pci0000:00/usb1/1-2';
    await addFiles(path.join(sys(), 'devices', uno), {
      idVendor: '2341\n',
      idProduct: '0043\n',
      serial: '75830303934351F0B1A0\n',
      manufacturer: 'Arduino (www.arduino.cc)\n',
    });
    await addPort('ttyACM0', `${uno}/1-2:1.0`);
    // A converter has one directory more, and this one reports no serial number.
    await addFiles(path.join(sys(), 'devices/pci0000:00/usb1/1-3'), { idVendor: '0403\n', idProduct: '6001\n' });
    await addPort('ttyUSB10', 'pci0000:00/usb1/1-3/1-3:1.0/ttyUSB10');
    await addPort('ttyUSB9', 'pci0000:00/usb1/1-3/1-3:1.1/ttyUSB9');
    await addPort('ttyS0', 'platform/serial8250', { type: '4\n' });
    await addPort('ttyS1', 'platform/serial8250', { type: '0\n' });
    await mkdir(path.join(sys(), 'class/tty/tty1'));
    await symlink('../../ttyACM0', path.join(dev(), 'serial/by-id/usb-Arduino_Uno-if00'));

    const none = { manufacturer: undefined, serialNumber: undefined, pnpId: undefined };
    expect(await listLinuxPorts({ sys: sys(), dev: dev() })).toEqual([
      {
        path: path.join(dev(), 'ttyACM0'),
        manufacturer: 'Arduino (www.arduino.cc)',
        serialNumber: '75830303934351F0B1A0',
        pnpId: 'usb-Arduino_Uno-if00',
        locationId: '1-2',
        productId: '0043',
        vendorId: '2341',
      },
      { path: path.join(dev(), 'ttyS0'), ...none, locationId: undefined, productId: undefined, vendorId: undefined },
      { path: path.join(dev(), 'ttyUSB9'), ...none, locationId: '1-3', productId: '6001', vendorId: '0403' },
      { path: path.join(dev(), 'ttyUSB10'), ...none, locationId: '1-3', productId: '6001', vendorId: '0403' },
    ]);
  });

  test('lists the other ports if one cannot be read', async () => {
    await addPort('ttyACM0', 'usb1/1-1/1-1:1.0');
    await symlink(path.join(sys(), 'gone'), path.join(sys(), 'class/tty/ttyUSB0'));
    await addFiles(path.join(sys(), 'class/tty/ttyUSB1'), { device: 'a file, not a folder' });
    await mkdir(path.join(sys(), 'devices/usb1/1-1/idVendor'), { recursive: true });
    expect((await listLinuxPorts({ sys: sys(), dev: dev() })).map((port) => path.basename(port.path))).toEqual([
      'ttyACM0',
      'ttyUSB1',
    ]);
  });

  test('lists none without /sys', async () => {
    expect(await listLinuxPorts({ sys: path.join(root, 'nowhere'), dev: dev() })).toEqual([]);
  });
});

test('lists the ports of this machine', async () => {
  for (const port of await listPorts()) {
    expect(port.path).toEqual(expect.any(String));
  }
});
