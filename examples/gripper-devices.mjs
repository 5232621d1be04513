// The devices of gripper.mjs, simulated: a gripper that closes around an object 40 mm wide, and its force sensor.
import { MockDevice, mockBinding } from 'serial-communicator/testing';

const OBJECT_MILLIMETERS = 40;
const OPEN_MILLIMETERS = 50;
const NEWTONS_PER_MILLIMETER = 2;
const READING_INTERVAL_MS = 5;

/** Starts both devices. Their ports are `/dev/gripper` and `/dev/sensor`. */
export function simulateDevices() {
  let millimeters = OPEN_MILLIMETERS;
  let isClosing = false;
  let zeroNewtons = 0;
  const newtons = () => 0.3 + NEWTONS_PER_MILLIMETER * Math.max(0, OBJECT_MILLIMETERS - millimeters);

  const gripper = new MockDevice({
    path: '/dev/gripper',
    checksum: 'crc16',
    requestIds: { bytes: 1 },
    onRequest([command]) {
      // An error becomes an error reply: the program gets REPLY_ERROR.
      if (command !== 0x4f && command !== 0x43 && command !== 0x53) throw new Error(`unknown command ${command}`);
      isClosing = command === 0x43;
      if (command === 0x4f) millimeters = OPEN_MILLIMETERS;
      const state = new DataView(new ArrayBuffer(5));
      state.setUint8(0, isClosing ? 1 : 0);
      state.setFloat32(1, millimeters, true);
      return new Uint8Array(state.buffer);
    },
  });
  const sensor = new MockDevice({
    path: '/dev/sensor',
    checksum: 'crc16',
    onPacket() {
      zeroNewtons = newtons();
    },
  });
  const timer = setInterval(() => {
    if (isClosing) millimeters = Math.max(0, millimeters - 0.5);
    const reading = new DataView(new ArrayBuffer(4));
    reading.setFloat32(0, newtons() - zeroNewtons, true);
    // Fails while the port is closed.
    sensor.send(new Uint8Array(reading.buffer)).catch(() => {});
  }, READING_INTERVAL_MS);
  return { binding: mockBinding(gripper, sensor), stop: () => clearInterval(timer) };
}
