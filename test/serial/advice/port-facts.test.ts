import { describe, expect, onTestFinished, test } from 'vitest';
import { type InitializeError, SerialCommunicator } from '../../../src/index.js';
import { isOnNodev, lockHolder } from '../../../src/serial/advice/port-facts.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { openPtyPair } from '../../support/pty-pair.js';
import { has } from '../../support/tools.js';

describe('whether a file system allows devices', () => {
  const mounts = `22 1 0:21 / / rw,relatime - overlay overlay rw
23 22 0:5 / /dev rw,nosuid - devtmpfs udev rw
24 22 0:30 / /my\\040dev rw,nosuid,nodev shared:1 - tmpfs tmpfs rw
25 23 0:31 / /dev/shm rw,nosuid,nodev - tmpfs tmpfs rw
26 22 0:32 / /twice rw,nodev - tmpfs tmpfs rw
27 22 0:33 / /twice rw - tmpfs tmpfs rw
`;

  test.each([
    ['/dev/ttyACM0', false],
    ['/my dev/ttyACM0', true],
    ['/dev/shm/ttyACM0', true],
    ['/dev/shmem', false],
    ['/twice/ttyACM0', false],
    ['/elsewhere', false],
  ])('%s', (file, expected) => {
    expect(isOnNodev(file, mounts)).toBe(expected);
  });

  test('is unknown without the mounts', () => {
    expect(isOnNodev('/dev/ttyACM0', '')).toBe(false);
  });
});

describe('who has locked a file', () => {
  const locks = `1: POSIX  ADVISORY  WRITE 11 00:05:400 0 EOF
2: FLOCK  ADVISORY  WRITE 22 00:05:400 0 EOF
2: -> FLOCK  ADVISORY  WRITE 33 00:05:400 0 EOF
3: FLOCK  ADVISORY  WRITE 0 00:05:401 0 EOF
4: FLOCK  ADVISORY  WRITE 44 103:12:402 0 EOF
`;
  const DEVTMPFS = 5;

  test.each([
    [{ dev: DEVTMPFS, ino: 400 }, 22],
    [{ dev: DEVTMPFS, ino: 401 }, undefined],
    [{ dev: DEVTMPFS, ino: 402 }, undefined],
    [{ dev: (0x103 << 8) | 0x12, ino: 402 }, 44],
  ])('%j', (file, pid) => {
    expect(lockHolder(file, locks)).toBe(pid);
  });
});

test('names the port that a selector found', async () => {
  const devices = mockBinding(new MockDevice({ path: '/dev/ttyMock0', vendorId: '239a' }));
  const open = () => Promise.reject(new Error('Error: Permission denied, cannot open /dev/ttyMock0'));
  const serial = new SerialCommunicator({ binding: { list: devices.list, open } });
  serial.addConnection('arm', { device: { vendorId: '239a' }, baudRate: 9_600 });
  const { errors }: InitializeError = await serial.initialize().catch((error) => error);
  expect(errors).toMatchObject([
    { message: 'connection "arm" (vendorId 239a): /dev/ttyMock0: permission denied', code: 'PERMISSION_DENIED' },
  ]);
});

test.skipIf(process.platform !== 'linux' || !has('socat'))(
  'finds out who has locked a port (needs socat)',
  async () => {
    const pair = await openPtyPair();
    onTestFinished(() => pair.close());
    const [first, second] = [new SerialCommunicator(), new SerialCommunicator()];
    for (const serial of [first, second]) {
      serial.addConnection('arm', { path: pair.hostPath, baudRate: 9_600 });
    }
    await first.initialize();
    onTestFinished(() => first.shutdown());
    const { errors }: InitializeError = await second.initialize().catch((error) => error);
    expect(errors).toMatchObject([
      { code: 'PORT_BUSY', message: expect.stringMatching(/: port is in use by this program; close it first$/) },
    ]);
  },
);
