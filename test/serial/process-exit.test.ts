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

test('keeps no timer, listener or read pending after shutdown, so the process exits', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: ROOT,
    timeout: 15_000,
  });
  expect(stdout).toBe('SHUTDOWN_TIMEOUT\nstopped\n');
});
