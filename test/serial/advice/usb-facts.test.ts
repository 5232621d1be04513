import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readUsbDevices } from '../../../src/serial/advice/usb-facts.js';

test('describes the USB devices of /sys and the drivers of their interfaces', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'usb-facts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const add = async (name: string, files: Record<string, string>, driver?: string) => {
    await mkdir(path.join(folder, name));
    for (const [file, text] of Object.entries(files)) {
      await writeFile(path.join(folder, name, file), `${text}\n`);
    }
    if (driver !== undefined) {
      await symlink(`../../bus/usb/drivers/${driver}`, path.join(folder, name, 'driver'));
    }
  };
  await add('usb1', { idVendor: '1d6b' });
  await add('1-0:1.0', {}, 'hub');
  await add('1-2', { idVendor: '2341', idProduct: '0043', serial: '75', manufacturer: 'Arduino' }, 'usb');
  await add('1-2:1.0', { bInterfaceClass: '02' }, 'cdc_acm');
  await mkdir(path.join(folder, '1-2:1.0/tty'));
  await add('1-2:1.1', { bInterfaceClass: '0a' }, 'cdc_acm');
  await add('1-2.1', { idVendor: '1a86' }, 'usb');
  await add('1-2.1:1.0', { bInterfaceClass: 'ff' });

  const unknown = { productId: undefined, serialNumber: undefined, manufacturer: undefined };
  expect((await readUsbDevices(folder)).sort((a, b) => a.locationId.localeCompare(b.locationId))).toEqual([
    {
      vendorId: '2341',
      productId: '0043',
      serialNumber: '75',
      manufacturer: 'Arduino',
      locationId: '1-2',
      drivers: ['cdc_acm', 'cdc_acm'],
      isCdc: true,
      hasPort: true,
    },
    { ...unknown, vendorId: '1a86', locationId: '1-2.1', drivers: [], isCdc: false, hasPort: false },
  ]);
  expect(await readUsbDevices(path.join(folder, 'nowhere'))).toEqual([]);
});
