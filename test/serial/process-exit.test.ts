import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

const PROGRAM = `
import { SerialCommunicator } from 'serial-communicator';
import { MockDevice, mockBinding } from 'serial-communicator/testing';
const device = new MockDevice({ path: '/dev/mock', echo: true });
const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 50, defaults: { settleMs: 30 } });
serial.addConnection('arm', { path: '/dev/mock', baudRate: 9600 });
serial.setReceiveHandler(() => new Promise(() => {}));
await serial.initialize();
await serial.send('arm', Uint8Array.of(1));
device.stall();
serial.send('arm', Uint8Array.of(2)).catch((error) => console.log(error.code));
await serial.shutdown();
console.log('stopped');
`;

const STALLED_PROGRAM = `
import { SerialCommunicator } from 'serial-communicator';
import { MockDevice, mockBinding } from 'serial-communicator/testing';
const device = new MockDevice({ path: '/dev/mock' });
const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 50 });
serial.addConnection('arm', { path: '/dev/mock', baudRate: 9600, sendTimeoutMs: 60_000 });
await serial.initialize();
device.stall();
serial.send('arm', Uint8Array.of(2)).catch((error) => console.log(error.code));
await serial.shutdown();
const stoppedAt = performance.now();
process.on('exit', () => console.log(performance.now() - stoppedAt < 2_000 ? 'at once' : 'late'));
`;

test('keeps no timer of a stalled send with a long sendTimeoutMs after shutdown', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', STALLED_PROGRAM], {
    cwd: ROOT,
    timeout: 15_000,
  });
  expect(stdout).toBe('SHUTDOWN_TIMEOUT\nat once\n');
});

test('keeps no timer, listener or read pending after shutdown, so the process exits', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: ROOT,
    timeout: 15_000,
  });
  expect(stdout).toBe('SHUTDOWN_TIMEOUT\nstopped\n');
});

const RELEASED_PROGRAM = `
import { SerialCommunicator } from 'serial-communicator';
import { MockDevice, mockBinding } from 'serial-communicator/testing';
const device = new MockDevice({ path: '/dev/mock' });
const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 50 });
serial.addConnection('arm', { path: '/dev/mock', baudRate: 9600, sendTimeoutMs: 60_000, settleMs: 30_000 });
await serial.initialize();
serial.send('arm', Uint8Array.of(2)).catch((error) => console.log(error.code));
serial.ready('arm').catch(() => {});
await serial.connection('arm').release();
const releasedAt = performance.now();
process.on('exit', () => console.log(performance.now() - releasedAt < 2_000 ? 'at once' : 'late'));
`;

test('keeps no timer, listener or read pending while the only connection is released', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', RELEASED_PROGRAM], {
    cwd: ROOT,
    timeout: 15_000,
  });
  expect(stdout).toBe('CONNECTION_RELEASED\nat once\n');
});
