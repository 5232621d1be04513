import { describe, expect, test } from 'vitest';
import type { PortInfo } from '../../../src/index.js';
import { explainFailure, type OpenFailure } from '../../../src/serial/advice/port-advice.js';
import type { NodeFacts, PortFacts } from '../../../src/serial/advice/port-facts.js';
import { explainSelection } from '../../../src/serial/advice/selector-advice.js';
import type { SystemFacts } from '../../../src/serial/advice/system-facts.js';
import type { UsbDeviceFacts } from '../../../src/serial/advice/usb-facts.js';

const MACHINE: SystemFacts = {
  platform: 'linux',
  uid: 1000,
  gids: [1000],
  userName: 'alex',
  groups: [{ name: 'dialout', gid: 20, members: [] }],
  isContainer: false,
  isUserNamespace: false,
};
const WINDOWS: SystemFacts = { ...MACHINE, platform: 'win32' };
const CONTAINER = { ...MACHINE, isContainer: true };
const NODE: NodeFacts = { deviceNumber: '166:0', mode: 0o660, uid: 0, gid: 20, isOnNodev: false };

function port(path: string, more: Partial<PortInfo> = {}): PortInfo {
  const none = { manufacturer: undefined, serialNumber: undefined, pnpId: undefined, locationId: undefined };
  return { path, ...none, vendorId: undefined, productId: undefined, ...more };
}

const UART = port('/dev/ttyS0');
const ABSENT = port('/dev/ttyACM0', { vendorId: '239a', productId: '80f4', hasNode: false });

describe('why a port cannot be opened', () => {
  const explain = (failure: Partial<OpenFailure>, facts: Partial<PortFacts> = {}) =>
    explainFailure(
      { code: 'PORT_NOT_FOUND', text: '', path: '/dev/ttyACM0', baudRate: 9_600, ...failure },
      { system: MACHINE, ...facts },
    );

  test.each<[string, Partial<OpenFailure>, Partial<PortFacts>, string]>([
    ['no port has the path', {}, { ports: [UART] }, 'no such port; available: /dev/ttyS0'],
    [
      'there are no ports',
      {},
      { ports: [] },
      'no such port; no ports found; check that the device is plugged in and that the cable carries data',
    ],
    ['the ports cannot be listed', {}, { ports: 'no bus' }, 'no such port; the ports cannot be listed: no bus'],
    [
      'another port has no node',
      { path: '/dev/ttyUSB0' },
      { ports: [ABSENT, UART] },
      'no such port; available: /dev/ttyS0; without a node in /dev: /dev/ttyACM0 (239a:80f4)',
    ],
    [
      'no port has a node',
      { path: '/dev/ttyUSB0' },
      { ports: [ABSENT] },
      'no such port; available: none; without a node in /dev: /dev/ttyACM0 (239a:80f4)',
    ],
    [
      'a container has no node for it',
      {},
      { ports: [ABSENT, UART], system: CONTAINER },
      'the port exists, but this container has no node for it; start the container with "--device /dev/ttyACM0"',
    ],
    [
      'it has no node, perhaps in a container',
      {},
      { ports: [ABSENT] },
      'the port exists, but /dev has no node for it; if this is a container, start it with "--device /dev/ttyACM0"',
    ],
    [
      'the device of the node is unplugged',
      { text: 'Error: No such device, cannot open /dev/ttyACM0' },
      { node: NODE, ports: [UART] },
      'the node exists, but its device (166:0) does not; plug it in; available: /dev/ttyS0',
    ],
    [
      'the device of a node of the container is unplugged',
      { text: 'Error: No such device or address, cannot open /dev/ttyACM0' },
      { node: NODE, ports: [UART], system: CONTAINER },
      'the node exists, but its device (166:0) does not; plug it in, then start the container again; available: /dev/ttyS0',
    ],
    [
      'the device of the node is unplugged, and the node has the name of another port, which has none',
      { text: 'Error: No such device, cannot open /dev/ttyACM0' },
      { node: { ...NODE, deviceNumber: '166:1' }, ports: [ABSENT], system: CONTAINER },
      'the node exists, but its device (166:1) does not; plug it in, then start the container again; available: none; ' +
        'without a node in /dev: /dev/ttyACM0 (239a:80f4)',
    ],
    [
      'a path of Linux is used on Windows',
      { text: 'Error: Opening /dev/ttyACM0: Unknown error code 3' },
      { ports: [port('COM3')], system: WINDOWS },
      'no such port: on Windows, ports have names such as COM3; available: COM3',
    ],
    [
      'the ports of a test double on Windows have names of Linux',
      { path: '/dev/x' },
      { ports: [port('/dev/mock')], system: WINDOWS },
      'no such port; available: /dev/mock',
    ],
    [
      'there are no ports on Windows',
      { path: 'COM3', text: 'Error: Opening COM3: File not found' },
      { ports: [], system: WINDOWS },
      'no such port; no ports found; check that the device is plugged in and that the cable carries data; ' +
        'the Device Manager shows whether its driver is missing',
    ],
    [
      'a virtual port of Windows does not exist',
      { path: '\\\\.\\CNCA0', text: 'Error: Opening CNCA0: File not found' },
      { ports: [port('COM3')], system: WINDOWS },
      'no such port; available: COM3',
    ],
    [
      'a device of Windows is not a port',
      { code: 'PORT_OPEN_FAILED', path: 'nul', text: 'Error: Open (GetCommState): Invalid handle' },
      { ports: [port('COM3')], system: WINDOWS },
      'not a serial port; available: COM3',
    ],
    [
      'Windows reports a device that does not work',
      { code: 'PORT_OPEN_FAILED', path: 'COM3', text: 'Error: Opening COM3: Unknown error code 31' },
      { system: WINDOWS },
      'cannot be opened at 9600 bit/s: the device does not work; unplug it and plug it in again',
    ],
    [
      'Windows reports an error that is not known',
      { code: 'PORT_OPEN_FAILED', path: 'COM3', text: 'Error: Opening COM3: Unknown error code 30' },
      { system: WINDOWS },
      'cannot be opened at 9600 bit/s: Opening COM3: Unknown error code 30',
    ],
    [
      'an unknown program uses it',
      { code: 'PORT_BUSY' },
      {},
      'port is in use by another program (a serial monitor, or a second copy of this one); close it first',
    ],
    [
      'a known program uses it',
      { code: 'PORT_BUSY' },
      { holder: { pid: 4_194_305, command: 'minicom' } },
      'port is in use by minicom (process 4194305); close it first',
    ],
    [
      'this program uses it',
      { code: 'PORT_BUSY' },
      { holder: { pid: process.pid, command: 'node' } },
      'port is in use by this program; close it first',
    ],
    [
      'permissions forbid it',
      { code: 'PERMISSION_DENIED', text: 'Error: Permission denied, cannot open /dev/ttyACM0' },
      { node: NODE },
      'permission denied; it belongs to group dialout; run "sudo usermod -aG dialout $USER", then log in again',
    ],
    [
      'a rule forbids it',
      { code: 'PERMISSION_DENIED', text: 'Error: Operation not permitted, cannot open /dev/ttyACM0' },
      { node: NODE },
      'permission denied; a rule forbids device 166:0, for example DeviceAllow= of a systemd unit or the rules of a container',
    ],
    ['permissions forbid it, and nothing is known', { code: 'PERMISSION_DENIED' }, {}, 'permission denied'],
    [
      'it is not a serial port',
      { code: 'PORT_OPEN_FAILED', text: 'Error: Inappropriate ioctl for device' },
      { ports: [UART] },
      'not a serial port; available: /dev/ttyS0',
    ],
    [
      'the driver refuses',
      { code: 'PORT_OPEN_FAILED', text: 'Error: Invalid argument' },
      {},
      'cannot be opened at 9600 bit/s: Invalid argument',
    ],
  ])('%s', (_, failure, facts, expected) => {
    expect(explain(failure, facts)).toBe(expected);
  });
});

describe('why a selector does not select a port', () => {
  test('only Linux knows some fields', () => {
    const com3 = port('COM3', { vendorId: '239a', productId: '80f4', pnpId: 'USB\\VID_239A&PID_80F4&MI_02' });
    const facts = { selector: { vendorId: '239a', interface: 2 }, ports: [com3], matching: [], usbDevices: [] };
    expect(explainSelection({ ...facts, system: { ...MACHINE, platform: 'win32' } })).toBe(
      'no such device; only Linux knows interface: select by pnpId or path; available: COM3 (239a:80f4)',
    );
    expect(explainSelection({ ...facts, system: MACHINE })).toBe('no such device; available: COM3 (239a:80f4)');
  });

  test('the port has no node', () => {
    const facts = { selector: { vendorId: '239a' }, ports: [UART, ABSENT], matching: [ABSENT], usbDevices: [] };
    expect(explainSelection({ ...facts, system: CONTAINER })).toBe(
      'the port exists, but this container has no node for it; start the container with "--device /dev/ttyACM0"',
    );
  });

  const device: UsbDeviceFacts = {
    vendorId: '1A86',
    productId: '7523',
    serialNumber: undefined,
    manufacturer: undefined,
    locationId: '1-2',
    drivers: [],
    isCdc: false,
    hasPort: false,
  };

  test.each<[string, Partial<UsbDeviceFacts>, SystemFacts, string]>([
    ['is not loaded', {}, MACHINE, 'its driver is not loaded; run "sudo modprobe ch341"'],
    ['of a container is not loaded', {}, CONTAINER, 'its driver is not loaded; run "sudo modprobe ch341" on the host'],
    [
      'of its class is not loaded',
      { vendorId: 'ffff', isCdc: true },
      MACHINE,
      'its driver is not loaded; run "sudo modprobe cdc_acm"',
    ],
    ['is unknown', { vendorId: 'ffff' }, MACHINE, 'the kernel has no driver for it'],
    [
      'was detached',
      { drivers: ['usbfs'] },
      MACHINE,
      'a program uses it directly, for example brltty or a debugger; end that program',
    ],
    [
      'is another one',
      { drivers: ['usbhid', 'usb-storage', 'usbhid'] },
      MACHINE,
      'its driver is usbhid, usb-storage; check that its firmware has a serial port',
    ],
  ])('the driver %s', (_, more, system, reason) => {
    const facts = { selector: { vendorId: '1a86' }, ports: [UART], matching: [], system };
    expect(explainSelection({ ...facts, usbDevices: [{ ...device, ...more }] })).toBe(
      `the device is plugged in (at 1-2), but has no serial port: ${reason}`,
    );
  });

  test('a device with a port does not lack a driver', () => {
    const uno = port('/dev/ttyACM0', { vendorId: '1a86', locationId: '1-2' });
    const withPort = { ...device, hasPort: true };
    const facts = { selector: { vendorId: '1a86', interface: 4 }, ports: [uno], matching: [], usbDevices: [withPort] };
    expect(explainSelection({ ...facts, system: MACHINE })).toMatch(/^no such device; available: /);
  });
});
