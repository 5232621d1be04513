import { SerialCommunicator } from 'serial-communicator';
import { FaultyLine, MockDevice, mockBinding } from 'serial-communicator/testing';
import { expect, onTestFinished, test } from 'vitest';

/** The application: sets the speed of an arm, also after the arm has restarted, and moves it. */
class Arm {
  constructor(readonly serial: SerialCommunicator) {
    serial.on('sessionStarted', () => void this.#command(0x53, 5));
  }

  /** Resolves to false if it is not known whether the arm has moved. */
  move(steps: number): Promise<boolean> {
    return this.#command(0x4d, steps);
  }

  #command(...bytes: number[]): Promise<boolean> {
    return this.serial.send('arm', Uint8Array.from(bytes)).then(
      () => true,
      () => false,
    );
  }
}

/** Starts a communicator with one connection to an arm at the other end of a faulty line. */
async function connect() {
  const device = new MockDevice({ path: '/dev/ttyACM0', delivery: 'acknowledged' });
  const line = new FaultyLine(mockBinding(device), { path: '/dev/ttyACM0' });
  const serial = new SerialCommunicator({ binding: line.binding });
  serial.addConnection('arm', {
    path: '/dev/ttyACM0',
    baudRate: 115_200,
    delivery: 'acknowledged',
    reconnect: { minDelayMs: 1, maxDelayMs: 5 },
  });
  const arm = new Arm(serial);
  await serial.initialize();
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return { device, line, serial, arm };
}

const SPEED = Uint8Array.of(0x53, 5);
const MOVE = Uint8Array.of(0x4d, 1);

test('moves exactly as often as it should, although the line is noisy', async () => {
  const { device, line, arm } = await connect();
  const noise = { dropRate: 0.002, flipRate: 0.002, duplicateRate: 0.002 };
  line.setFaults({ toDevice: noise, toHost: noise });
  const moves = await Promise.all(Array.from({ length: 100 }, () => arm.move(1)));
  expect(moves).not.toContain(false);
  expect(device.received).toEqual([SPEED, ...new Array(100).fill(MOVE)]);
});

test('moves on after the cable was pulled', async () => {
  const { device, line, arm } = await connect();
  expect(await arm.move(1)).toBe(true);
  line.unplug();
  const moved = arm.move(1);
  line.plug();
  expect(await moved).toBe(true);
  expect(device.received).toEqual([SPEED, MOVE, MOVE]);
});

test('sets the speed again when the arm has restarted', async () => {
  const { device, serial, arm } = await connect();
  expect(await arm.move(1)).toBe(true);
  const restarted = new Promise((resolve) => serial.once('peerReset', resolve));
  device.reset();
  expect(await restarted).toMatchObject({ name: 'arm', error: { code: 'PEER_RESET' } });
  await serial.ready('arm');
  expect(await arm.move(1)).toBe(true);
  expect(device.received).toEqual([SPEED, MOVE, SPEED, MOVE]);
});
