import { describe, expect, test } from 'vitest';
import type { PortInfo } from '../../../src/index.js';
import { factsOf } from '../facts.js';

export function describeList(): void {
  describe('the list of ports', () => {
    const facts = factsOf<{
      listed: PortInfo[];
      listedByUdev: PortInfo[];
      listedBySercom: { path: string }[];
      afterwards: { lists: number; listed: PortInfo[] };
    }>('list');

    test('has the ids of devices on cdc_acm and ftdi_sio', async () => {
      const { listed } = await facts();
      expect(listed.filter(({ vendorId }) => vendorId !== undefined)).toMatchObject([
        {
          path: '/dev/ttyACM0',
          vendorId: '2341',
          productId: '0043',
          serialNumber: 'GADGET42',
          manufacturer: 'Bench',
          pnpId: 'usb-Bench_0043_GADGET42-if00',
          interface: 0,
          hasNode: true,
        },
        {
          path: '/dev/ttyUSB0',
          vendorId: '0403',
          productId: '6001',
          serialNumber: 'BENCH0001',
          manufacturer: 'QEMU',
          pnpId: 'usb-QEMU_QEMU_USB_SERIAL_BENCH0001-if00-port0',
          interface: 0,
          portNumber: 0,
          hasNode: true,
        },
      ]);
    });

    test('describes USB ports as udev does', async () => {
      const { listed, listedByUdev } = await facts();
      const usbPorts = listedByUdev.filter(({ vendorId }) => vendorId !== undefined);
      expect(usbPorts).toHaveLength(2);
      for (const port of usbPorts) {
        expect(listed.find(({ path }) => path === port.path)).toMatchObject(port);
      }
    });

    test('omits serial ports without hardware, which udev lists', async () => {
      const { listed, listedByUdev } = await facts();
      expect(listedByUdev.map(({ path }) => path)).toContain('/dev/ttyS2');
      expect(listed.map(({ path }) => path)).not.toContain('/dev/ttyS2');
      expect(listed.map(({ path }) => path)).toContain('/dev/ttyS0');
    });

    test('is what sercom list prints, USB devices first', async () => {
      const { listedBySercom } = await facts();
      expect(listedBySercom.slice(0, 2)).toMatchObject([
        { path: '/dev/ttyACM0', vendorId: '2341', productId: '0043', serialNumber: 'GADGET42' },
        { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', serialNumber: 'BENCH0001' },
      ]);
    });

    test('does not fail while devices come and go', async () => {
      const { afterwards } = await facts();
      expect(afterwards.lists).toBeGreaterThan(0);
      expect(afterwards.listed.filter(({ vendorId }) => vendorId !== undefined)).toEqual([]);
    });
  });
}
