// Closes a gripper until its force sensor reads 5 N. The gripper gets commands and replies to each; the sensor, on a port of
// its own, sends readings all the time.
//
//   node examples/gripper.mjs GRIPPER_PORT SENSOR_PORT
//   node examples/gripper.mjs                            simulated devices
//
// Run `npm run build` first.
// @ts-check
import { SerialCommunicator } from 'serial-communicator';
import { simulateDevices } from './gripper-devices.mjs';

/** @typedef {{ kind: 'open' } | { kind: 'close', force: number } | { kind: 'stop' }} Command */
/** @typedef {{ isMoving: boolean, millimeters: number }} State */

/** @type {import('serial-communicator').Codec<Command, State>} */
const commands = {
  encode(command) {
    switch (command.kind) {
      case 'open':
        return Uint8Array.of(0x4f);
      case 'close':
        return Uint8Array.of(0x43, command.force);
      case 'stop':
        return Uint8Array.of(0x53);
    }
  },
  decode(packet) {
    if (packet.length !== 5) throw new Error(`a state has 5 bytes, got ${packet.length}`);
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    return { isMoving: view.getUint8(0) !== 0, millimeters: view.getFloat32(1, true) };
  },
};

/** @type {import('serial-communicator').Codec<'zero', number>} */
const forces = {
  encode: () => Uint8Array.of(0x5a),
  decode(packet) {
    if (packet.length !== 4) throw new Error(`a reading has 4 bytes, got ${packet.length}`);
    return new DataView(packet.buffer, packet.byteOffset, packet.byteLength).getFloat32(0, true);
  },
};

const [gripperPath, sensorPath] = process.argv.slice(2);
const simulated = gripperPath === undefined ? simulateDevices() : undefined;
const serial = new SerialCommunicator(simulated && { binding: simulated.binding });
serial.addConnection('gripper', {
  path: gripperPath ?? '/dev/gripper',
  baudRate: 115_200,
  checksum: 'crc16',
  requestIds: { bytes: 1 },
});
serial.addConnection('sensor', { path: sensorPath ?? '/dev/sensor', baudRate: 115_200, checksum: 'crc16' });
serial.on('undecodedPacket', ({ name, error }) => console.error(`${name}: ${error}`));
serial.on('disconnected', ({ error }) => console.error(error.message));

const gripper = serial.channel('gripper', commands);
const sensor = serial.channel('sensor', forces);
await serial.initialize();

await sensor.send('zero');
let state = await gripper.request({ kind: 'open' });
console.log(`open: ${state.millimeters} mm`);

state = await gripper.request({ kind: 'close', force: 20 });
console.log(state.isMoving ? 'closing' : 'stuck');
// Readings from before this loop are of no use, so nothing collects them.
for await (const newtons of sensor.messages()) {
  console.log(`${newtons.toFixed(1)} N`);
  if (newtons >= 5) break;
}
state = await gripper.request({ kind: 'stop' });
console.log(`holds something ${Math.round(state.millimeters)} mm wide`);
await serial.shutdown();
simulated?.stop();
