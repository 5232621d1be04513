import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listPorts } from '../../src/index.js';
import { findLinuxPort, listLinuxPorts } from '../../src/serial/list-ports.js';

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

  /** Any device will do as a node whose number no port has. */
  async function addNodes(...names: string[]) {
    await Promise.all(names.map((name) => symlink('/dev/null', path.join(dev(), name))));
  }

  const list = () => listLinuxPorts({ sys: sys(), dev: dev() });

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
    await addNodes('ttyACM0', 'ttyUSB9', 'ttyUSB10', 'ttyS0');

    const none = { hasNode: true, manufacturer: undefined, serialNumber: undefined, pnpId: undefined };
    expect(await listLinuxPorts({ sys: sys(), dev: dev() })).toEqual([
      {
        path: path.join(dev(), 'ttyACM0'),
        manufacturer: 'Arduino (www.arduino.cc)',
        serialNumber: '75830303934351F0B1A0',
        pnpId: 'usb-Arduino_Uno-if00',
        locationId: '1-2',
        productId: '0043',
        vendorId: '2341',
        hasNode: true,
      },
      { path: path.join(dev(), 'ttyS0'), ...none, locationId: undefined, productId: undefined, vendorId: undefined },
      { path: path.join(dev(), 'ttyUSB9'), ...none, locationId: '1-3', productId: '6001', vendorId: '0403' },
      { path: path.join(dev(), 'ttyUSB10'), ...none, locationId: '1-3', productId: '6001', vendorId: '0403' },
    ]);
  });

  test('distinguishes the ports of one USB device', async () => {
    const pico = 'usb1/1-1';
    await addFiles(path.join(sys(), 'devices', pico), { idVendor: '239a\n', idProduct: '80f4\n', serial: 'E6\n' });
    for (const [number, name] of ['CircuitPython CDC control', 'CircuitPython CDC2 control'].entries()) {
      const hardware = `${pico}/1-1:1.${2 * number}`;
      const files = { bInterfaceNumber: `0${2 * number}\n`, interface: `${name}\n` };
      await addFiles(path.join(sys(), 'devices', hardware), files);
      await addPort(`ttyACM${number}`, hardware);
    }
    // An adapter with two ports on one interface, whose number is hexadecimal.
    await addFiles(path.join(sys(), 'devices/usb1/1-2/1-2:1.10'), { bInterfaceNumber: '0a\n' });
    await addFiles(path.join(sys(), 'devices/usb1/1-2'), { idVendor: '9710\n' });
    for (const number of [0, 1]) {
      const hardware = `usb1/1-2/1-2:1.10/ttyUSB${number}`;
      await addFiles(path.join(sys(), 'devices', hardware), { port_number: `${number}\n` });
      await addPort(`ttyUSB${number}`, hardware);
    }
    const identities = (await list()).map(({ locationId, interface: number, interfaceName, portNumber }) => ({
      locationId,
      interface: number,
      interfaceName,
      portNumber,
    }));
    expect(identities).toEqual([
      { locationId: '1-1', interface: 0, interfaceName: 'CircuitPython CDC control', portNumber: undefined },
      { locationId: '1-1', interface: 2, interfaceName: 'CircuitPython CDC2 control', portNumber: undefined },
      { locationId: '1-2', interface: 10, interfaceName: undefined, portNumber: 0 },
      { locationId: '1-2', interface: 10, interfaceName: undefined, portNumber: 1 },
    ]);
  });

  test('lists a port without a node as one that has none', async () => {
    await addPort('ttyACM0', 'usb1/1-1/1-1:1.0', { dev: '166:0\n' });
    await addPort('ttyACM1', 'usb1/1-2/1-2:1.0', { dev: '166:1\n' });
    await addNodes('ttyACM1');
    // A file is not a node.
    await writeFile(path.join(dev(), 'ttyACM0'), '');
    expect((await list()).map(({ path: port, hasNode }) => [path.basename(port), hasNode])).toEqual([
      ['ttyACM0', false],
      ['ttyACM1', true],
    ]);
  });

  // The nodes of /dev stand for those of a container: /dev/zero and /dev/full have the numbers 1:5 and 1:7.
  test.skipIf(process.platform !== 'linux')('finds a node by its device number, whatever its name is', async () => {
    await addFiles(path.join(sys(), 'devices/usb1/1-1'), { idVendor: '239a\n' });
    await addPort('ttyACM7', 'usb1/1-1/1-1:1.0', { dev: '1:5\n' });
    // Here the name /dev/null leads to another port.
    await addPort('null', 'usb1/1-1/1-1:1.2', { dev: '1:7\n' });
    await addPort('ttyUSB7', 'usb1/1-1/1-1:1.4', { dev: '1:3\n' });
    const roots = { sys: sys(), dev: '/dev' };
    const found = await listLinuxPorts(roots);
    expect(found.map((port) => [port.path, port.hasNode, port.vendorId])).toEqual([
      ['/dev/full', true, '239a'],
      ['/dev/null', true, '239a'],
      ['/dev/zero', true, '239a'],
    ]);

    await mkdir(path.join(sys(), 'dev/char'), { recursive: true });
    await symlink(path.join(sys(), 'devices/usb1/1-1/1-1:1.0/tty/ttyACM7'), path.join(sys(), 'dev/char/1:5'));
    expect(await findLinuxPort('/dev/zero', roots)).toEqual(found[2]);
    expect(await findLinuxPort('/dev/random', roots)).toBeUndefined();
  });

  test('does not take a link for a node', async () => {
    await addPort('ttyACM0', 'usb1/1-1/1-1:1.0', { dev: '1:3\n' });
    await symlink('/dev/null', path.join(dev(), 'link'));
    expect((await list()).map(({ hasNode }) => hasNode)).toEqual([false]);
  });

  // Only root can make nodes.
  test.skipIf(process.getuid?.() !== 0)('finds nodes in subfolders (needs root)', async () => {
    await addPort('ttyACM0', 'usb1/1-1/1-1:1.0', { dev: '1:3\n' });
    const node = path.join(dev(), 'my/serial/port');
    await mkdir(path.dirname(node), { recursive: true });
    execFileSync('mknod', [node, 'c', '1', '3']);
    expect((await list()).map((port) => [port.path, port.hasNode])).toEqual([[node, true]]);
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
