import { once } from 'node:events';
import { type FSWatcher, mkdirSync, mkdtempSync, rmSync, symlinkSync, type WatchOptions, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Binding, type PortInfo, SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { connected } from '../support/mock-connection.js';

/** The open watches, and their folders. */
const watches = vi.hoisted(() => new Map<FSWatcher, string>());

// The watches are real. The test counts them, and lets the one of /dev report a node that is not there.
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const watch = (folder: string, options: WatchOptions) => {
    const watcher = fs.watch(folder, options);
    watches.set(watcher, folder);
    const close = watcher.close.bind(watcher);
    watcher.close = () => {
      watches.delete(watcher);
      close();
    };
    return watcher;
  };
  return { ...fs, watch };
});

const FLEET = 100;

/** Delays that only a change of a device can cut short. */
const SLOW = { minDelayMs: 60_000, maxDelayMs: 60_000 };

/** A binding without ports that counts its calls. Listing them takes `listMs`. */
function countingBinding(listMs: number, devices: MockDevice[] = []) {
  const inner = mockBinding(...devices);
  const counts = { list: 0, opened: [] as string[] };
  const binding: Binding = {
    async list(): Promise<PortInfo[]> {
      counts.list++;
      await new Promise((resolve) => setTimeout(resolve, listMs));
      return inner.list();
    },
    open(options) {
      counts.opened.push(options.path);
      return inner.open(options);
    },
  };
  return { binding, counts };
}

/** A started communicator whose connections wait for their ports. They are named after their index. */
async function waitFor(binding: Binding, connections: Partial<SerialConnection>[]): Promise<SerialCommunicator> {
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 200 });
  connections.forEach((connection, index) => {
    serial.addConnection(String(index), { baudRate: 9_600, required: false, ...connection });
  });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return serial;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'absent-ports-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The open watches of a folder. */
function watchesOf(folder: string): FSWatcher[] {
  return [...watches].filter(([, name]) => name === folder).map(([watcher]) => watcher);
}

/** Lets the watch of /dev report that a node was added or removed. */
function reportNode(name: string): void {
  for (const watcher of watchesOf('/dev')) {
    watcher.emit('change', 'rename', name);
  }
}

/** Lets fake time pass. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await vi.advanceTimersByTimeAsync(50);
  }
}

function useFakeClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
}

const byPath = (index: number) => ({ path: `/dev/absent${index}` });
const bySerialNumber = (index: number) => ({ device: { serialNumber: `S${index}` } });
const fleet = <Item>(make: (index: number) => Item) => Array.from({ length: FLEET }, (_, index) => make(index));

describe('the listing of the ports', () => {
  test('is made rarely for the messages of failed attempts, for all communicators together', async () => {
    useFakeClock();
    const { binding, counts } = countingBinding(10);
    const started = Promise.all([waitFor(binding, fleet(byPath)), waitFor(binding, fleet(byPath))]);
    await pass(500);
    const [serial] = await started;
    const before = counts.list;
    await pass(10_000);
    expect(counts.opened.length).toBeGreaterThan(5 * FLEET);
    expect(counts.list - before).toBeLessThanOrEqual(3);
    expect(serial.connectionError('7')?.message).toMatch(/^connection "7".*: no such port; no ports found/);
    vi.useRealTimers();
  });

  test('is shared for half a second by all connections that look for a device', async () => {
    useFakeClock();
    const { binding, counts } = countingBinding(10);
    const started = waitFor(binding, fleet(bySerialNumber));
    await pass(50);
    const serial = await started;
    expect(counts.list).toBeLessThanOrEqual(2);
    await pass(10_000);
    const failures = fleet((index) => serial.stats(String(index)).openFailures).reduce((sum, count) => sum + count);
    expect(failures).toBeGreaterThan(5 * FLEET);
    expect(counts.list).toBeLessThanOrEqual(2 + 10_050 / 500);
    vi.useRealTimers();
  });

  test('is made again for initialize: one in progress may have missed the device', async () => {
    const device = new MockDevice({ path: '/dev/mock', serialNumber: 'S0' });
    const inner = mockBinding(device);
    let finish = () => {};
    const binding: Binding = {
      open: inner.open,
      list: async () => {
        const ports = await inner.list();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return ports;
      },
    };
    device.unplug();
    const first = waitFor(binding, [bySerialNumber(0)]);
    device.plug();
    const second = waitFor(binding, [bySerialNumber(0)]);
    const isOpen = second.then((serial) => expect(serial.connectionState('0')).toBe('connected'));
    const timer = setInterval(() => finish());
    await Promise.all([first, isOpen]).finally(() => clearInterval(timer));
  });

  test('is made again before a port is opened: its path may be that of another device by now', async () => {
    useFakeClock();
    let serialNumber = 'S0';
    const opened: string[] = [];
    const { list } = mockBinding(new MockDevice({ path: '/dev/mock' }));
    const binding: Binding = {
      async list() {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return (await list()).map((port) => ({ ...port, serialNumber }));
      },
      async open() {
        opened.push(serialNumber);
        throw new Error('odd');
      },
    };
    const started = waitFor(binding, [{ ...bySerialNumber(0), reconnect: { minDelayMs: 50, maxDelayMs: 50 } }]);
    await pass(1_000);
    await started;
    expect(opened.length).toBeGreaterThan(5);
    serialNumber = 'S1';
    await pass(1_000);
    expect(new Set(opened)).toEqual(new Set(['S0']));
    vi.useRealTimers();
  });

  test('that never ends holds up only the attempts that wait for it', async () => {
    useFakeClock();
    const device = new MockDevice({ path: '/dev/mock', serialNumber: 'S0' });
    const inner = mockBinding(device);
    let lists = 0;
    const binding: Binding = {
      open: inner.open,
      list: () => (lists++ === 0 ? new Promise(() => {}) : inner.list()),
    };
    const hung = waitFor(binding, [{ ...bySerialNumber(1), openTimeoutMs: 8_000 }]);
    const started = waitFor(binding, [bySerialNumber(0)]);
    await pass(2_000);
    expect((await started).connectionState('0')).toBe('connected');
    await pass(8_000);
    expect((await hung).connectionError('0')?.code).toBe('OPEN_TIMEOUT');
    vi.useRealTimers();
  });
});

test('a binding that says that a port has no node is rarely asked to open it', async () => {
  useFakeClock();
  const { binding, counts } = countingBinding(1);
  const device = new MockDevice({ path: '/dev/absent0' });
  device.unplug();
  const known = { ...countingBinding(1, [device]).binding, hasNode: () => device.isPlugged };
  let opened = 0;
  const open = known.open;
  known.open = (options) => {
    opened++;
    return open(options);
  };
  const started = Promise.all([waitFor(binding, [byPath(0)]), waitFor(known, [byPath(0)])]);
  await pass(100);
  const [, serial] = await started;
  await pass(60_000);
  expect(counts.opened.length).toBeGreaterThan(12);
  expect(opened).toBeGreaterThanOrEqual(2);
  expect(opened).toBeLessThanOrEqual(4);
  device.plug();
  await pass(5_100);
  expect(serial.connectionState('0')).toBe('connected');
  vi.useRealTimers();
});

describe.skipIf(process.platform !== 'linux')('the watch of the devices (Linux)', () => {
  test('exists once for each folder, and ends with the last connection that waits', async () => {
    const folder = temporaryFolder();
    const { binding } = countingBinding(1);
    const other = countingBinding(1).binding;
    const connections = fleet((index) => ({ path: path.join(folder, `port${index}`), reconnect: SLOW }));
    const serials = [await waitFor(binding, connections), await waitFor(other, connections)];
    expect(watchesOf(folder)).toHaveLength(1);
    expect(watchesOf('/dev')).toHaveLength(1);
    await serials[0]!.shutdown();
    expect(watchesOf(folder)).toHaveLength(1);
    await serials[1]!.shutdown();
    expect(watches.size).toBe(0);
  });

  test('wakes only the connection whose path appears', async () => {
    const folder = temporaryFolder();
    const paths = fleet((index) => path.join(folder, `port${index}`));
    const devices = paths.map((each) => new MockDevice({ path: each }));
    for (const device of devices) {
      device.unplug();
    }
    // A removal is reported, too.
    writeFileSync(paths[5]!, '');
    const { binding, counts } = countingBinding(1, devices);
    const serial = await waitFor(
      binding,
      paths.map((each) => ({ path: each, reconnect: SLOW })),
    );
    expect(counts.opened).toHaveLength(FLEET);
    const isBack = connected(serial);
    reportNode('ttyACM9');
    rmSync(paths[5]!);
    devices[7]!.plug();
    writeFileSync(paths[7]!, '');
    await isBack;
    expect(counts.opened.slice(FLEET)).toEqual([paths[7]]);
  });

  test('wakes only the connections whose selector matches a port', async () => {
    const devices = fleet((index) => new MockDevice({ path: `/dev/mock${index}`, serialNumber: `S${index}` }));
    for (const device of devices) {
      device.unplug();
    }
    const { binding, counts } = countingBinding(1, devices);
    const serial = await waitFor(
      binding,
      fleet((index) => ({ ...bySerialNumber(index), reconnect: SLOW })),
    );
    const before = counts.list;
    const isBack = connected(serial);
    devices[7]!.plug();
    reportNode('ttyACM7');
    expect((await isBack).name).toBe('7');
    expect(counts.list - before).toBeLessThanOrEqual(2);
    expect(fleet((index) => serial.stats(String(index)).openFailures)).toEqual(fleet(() => 1));
  });

  test('leads to a new listing soon after a node appeared, since udev makes the link of its pnpId later', async () => {
    useFakeClock();
    const device = new MockDevice({ path: '/dev/mock', serialNumber: 'S0' });
    device.unplug();
    const inner = countingBinding(1, [device]).binding;
    let linkedAt = Number.POSITIVE_INFINITY;
    const pnpId = () => (performance.now() < linkedAt ? undefined : 'usb-S0');
    const list = async () => (await inner.list()).map((port) => ({ ...port, pnpId: pnpId() }));
    const started = waitFor({ ...inner, list }, [{ device: { pnpId: 'usb-S0' }, reconnect: SLOW }]);
    await pass(100);
    const serial = await started;
    device.plug();
    linkedAt = performance.now() + 60;
    reportNode('ttyACM0');
    await pass(350);
    expect(serial.connectionState('0')).toBe('connected');
    vi.useRealTimers();
  });

  test('wakes a connection whose folder did not exist, when a node or the folder appears', async () => {
    const folder = path.join(temporaryFolder(), 'by-id');
    const port = path.join(folder, 'port');
    const { binding, counts } = countingBinding(1);
    await waitFor(binding, [{ path: port, reconnect: SLOW }]);
    expect(counts.opened).toHaveLength(1);
    reportNode('ttyACM9');
    await vi.waitFor(() => expect(counts.opened.length).toBeGreaterThan(1), 10_000);
    mkdirSync(folder);
    reportNode('serial');
    await vi.waitFor(() => expect(watchesOf(folder)).toHaveLength(1), 10_000);
    // The folder vanishes with its last link, and its watch with it.
    const [watcher] = watchesOf(folder);
    const changed = once(watcher!, 'change');
    rmSync(folder, { recursive: true });
    await changed;
    await vi.waitFor(() => expect(watchesOf(folder)).toHaveLength(0), 10_000);
    const before = counts.opened.length;
    reportNode('ttyACM9');
    await vi.waitFor(() => expect(counts.opened.length).toBeGreaterThan(before), 10_000);
  });

  test('continues when its folder is removed and created again at once', async () => {
    const folder = path.join(temporaryFolder(), 'by-id');
    const port = path.join(folder, 'port');
    mkdirSync(folder);
    const device = new MockDevice({ path: port });
    device.unplug();
    const { binding, counts } = countingBinding(1, [device]);
    const serial = await waitFor(binding, [{ path: port, reconnect: SLOW }]);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    // The node may have appeared in between.
    await vi.waitFor(() => expect(counts.opened.length).toBeGreaterThan(1), 10_000);
    const isBack = connected(serial);
    device.plug();
    writeFileSync(port, '');
    expect((await isBack).path).toBe(port);
  });

  test('wakes a connection when the node appears to which its link leads', async () => {
    const folder = temporaryFolder();
    const nodes = path.join(folder, 'nodes');
    mkdirSync(nodes);
    const link = path.join(folder, 'arm');
    symlinkSync('nodes/tty3', link);
    const device = new MockDevice({ path: link });
    device.unplug();
    const { binding } = countingBinding(1, [device]);
    const serial = await waitFor(binding, [{ path: link, reconnect: SLOW }]);
    const isBack = connected(serial);
    device.plug();
    writeFileSync(path.join(nodes, 'tty3'), '');
    expect((await isBack).path).toBe(link);
  });
});
