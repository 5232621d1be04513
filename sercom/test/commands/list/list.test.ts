import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { listPorts, type PortInfo } from 'serial-communicator';
import { describe, expect, test, vi } from 'vitest';
import { portChanges } from '../../../src/commands/list/run.js';
import { jsonLines, type RunningProcess, run, start } from '../../support/sercom-process.js';

/** Resolves when it watches the folder of devices. From then on it handles Ctrl-C, even if there is no port to print. */
async function watching({ child }: RunningProcess): Promise<void> {
  if (process.platform !== 'linux') {
    return delay(5_000);
  }
  const folder = `/proc/${child.pid}/fdinfo`;
  const isWatching = () =>
    readdirSync(folder).some((fd) => readFileSync(`${folder}/${fd}`, 'latin1').includes('inotify wd:'));
  await vi.waitFor(() => expect(isWatching()).toBe(true), { timeout: 15_000 });
}

describe('sercom list', () => {
  test('prints a table, or a message if there are no ports', async () => {
    const { code, stdout, stderr } = await run('list');
    expect(code).toBe(0);
    expect(stdout + stderr).toMatch(
      /^PATH +VENDOR +PRODUCT +SERIAL NUMBER +LOCATION +MANUFACTURER +INTERFACE\n|^sercom: no serial ports found;.*\n$/,
    );
  });

  test('--json prints an array', async () => {
    const { code, stdout, stderr } = await run('list', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const ports: { path: string }[] = JSON.parse(stdout);
    const listed = await listPorts();
    // What an object has is tested with ports that need not be present.
    expect(ports.map(({ path }) => path).sort()).toEqual(listed.map(({ path }) => path).sort());
  });
});

describe('sercom list --watch', () => {
  test('begins with the present ports, and Ctrl-C exits with 0', async () => {
    const list = start('list', '--watch', '--json');
    const ports: { path: string }[] = JSON.parse((await run('list', '--json')).stdout);
    await list.printedLines(ports.length);
    await watching(list);
    list.child.kill('SIGINT');
    const { code, stdout, stderr } = await list.outcome();
    expect(jsonLines(stdout).map(({ change, path }) => ({ change, path }))).toEqual(
      ports.map(({ path }) => ({ change: 'present', path })),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('ends when its pipe is closed and a port changes, or on Ctrl-C', async () => {
    const list = start('list', '--watch');
    await watching(list);
    list.child.stdout!.destroy();
    list.child.kill('SIGINT');
    expect(await list.outcome()).toMatchObject({ code: 0, stderr: '' });
  });
});

const nothing = {
  manufacturer: undefined,
  serialNumber: undefined,
  pnpId: undefined,
  locationId: undefined,
  vendorId: undefined,
  productId: undefined,
};
const builtIn: PortInfo = { ...nothing, path: '/dev/ttyS0' };
const uno: PortInfo = {
  ...nothing,
  path: '/dev/ttyACM0',
  vendorId: '2341',
  productId: '0043',
  manufacturer: 'Arduino',
};
const ftdi: PortInfo = { ...nothing, path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', serialNumber: 'A5' };

describe('portChanges', () => {
  test('compares paths and devices', () => {
    expect(portChanges([uno], [uno])).toEqual([]);
    expect(portChanges([uno, builtIn], [builtIn, ftdi])).toEqual([
      { change: 'removed', port: uno },
      { change: 'added', port: ftdi },
    ]);
    const other = { ...uno, serialNumber: 'another' };
    expect(portChanges([uno], [other])).toEqual([
      { change: 'removed', port: uno },
      { change: 'added', port: other },
    ]);
  });
});
