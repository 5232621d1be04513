import { SerialCommunicator } from 'serial-communicator';
import { FaultyLine, MockDevice, mockBinding } from 'serial-communicator/testing';
import { expect, onTestFailed, onTestFinished, test } from 'vitest';

/** The application: sets the speed of an arm, again when the arm has restarted, and moves it. */
class Arm {
  /** Moves that the arm has not acknowledged. */
  failed = 0;

  constructor(readonly serial: SerialCommunicator) {
    // What is sent in this listener is the first that the arm gets after its restart.
    serial.on('peerReset', () => void this.#setSpeed());
  }

  async start(): Promise<void> {
    await this.serial.initialize();
    await this.#setSpeed();
  }

  async move(): Promise<void> {
    await this.serial.send('arm', Uint8Array.of(0x4d, 1)).catch(() => {
      this.failed++;
    });
  }

  async #setSpeed(): Promise<void> {
    // If this fails, the arm has restarted again, and `peerReset` follows.
    await this.serial.send('arm', Uint8Array.of(0x53, 5)).catch(() => {});
  }
}

/** Starts the application with an arm at the other end of a faulty line. */
async function connect() {
  // 64 bytes is what `link.h` accepts, unless you change it.
  const device = new MockDevice({ path: '/dev/ttyACM0', delivery: 'acknowledged', maxPacketBytes: 64 });
  const line = new FaultyLine(mockBinding(device), { path: '/dev/ttyACM0' });
  onTestFailed(() => console.log(`TEST_SEED=${line.seed}`));
  const serial = new SerialCommunicator({ binding: line.binding });
  serial.addConnection('arm', {
    path: '/dev/ttyACM0',
    baudRate: 115_200,
    delivery: 'acknowledged',
    reconnect: { minDelayMs: 1, maxDelayMs: 5 },
  });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  const arm = new Arm(serial);
  await arm.start();
  return { device, line, serial, arm };
}

const SPEED = Uint8Array.of(0x53, 5);
const MOVE = Uint8Array.of(0x4d, 1);

test('moves exactly as often as it should, although the line is noisy', async () => {
  const { device, line, arm } = await connect();
  const noise = { dropRate: 0.002, flipRate: 0.002, duplicateRate: 0.002 };
  line.setFaults({ toDevice: noise, toHost: noise });
  await Promise.all(Array.from({ length: 100 }, () => arm.move()));
  expect(device.received).toEqual([SPEED, ...new Array(100).fill(MOVE)]);
  expect(arm.failed).toBe(0);
});

test('moves on after the cable was pulled', async () => {
  const { device, line, arm } = await connect();
  line.unplug();
  const moved = arm.move();
  line.plug();
  await moved;
  expect(device.received).toEqual([SPEED, MOVE]);
});

test('sets the speed again before anything else when the arm has restarted', async () => {
  const { device, serial, arm } = await connect();
  const restarted = new Promise((resolve) => serial.once('peerReset', resolve));
  // The arm is busy: it takes no packets.
  device.pause();
  const moved = arm.move();
  device.reset();
  expect(await restarted).toMatchObject({ name: 'arm', error: { code: 'PEER_RESET' } });
  await moved;
  device.resume();
  await arm.move();
  expect(device.received).toEqual([SPEED, SPEED, MOVE]);
  expect(arm.failed).toBe(1);
});
