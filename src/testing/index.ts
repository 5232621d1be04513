export type { SimulatedChipName } from './board/board-kinds.js';
export { simulatedBinding, unoEchoImage } from './board/simulated-binding.js';
export { SimulatedBoard, type SimulatedBoardOptions } from './board/simulated-board.js';
export type { SimulatedBoardStats, SimulatedBytesLost } from './board/simulated-hardware.js';
export type { SimulatedPin, SimulatedPinEvents } from './board/simulated-pin.js';
export type { DeviceIdentity } from './device.js';
export { FaultyLine, type FaultyLineOptions, type FaultyLineStats } from './faulty/faulty-line.js';
export type { LineFaults, LineStats } from './faulty/line-noise.js';
export {
  LoopbackCommunicator,
  type LoopbackCommunicatorOptions,
  type LoopbackConnection,
} from './loopback/loopback-communicator.js';
export type { MockLinkStats } from './mock/acknowledged-wire.js';
export type { MockRequestOptions } from './mock/device-requests.js';
export { mockBinding } from './mock/mock-binding.js';
export { MockDevice } from './mock/mock-device.js';
export type { MockDeviceOptions, MockLinkOptions } from './mock/mock-device-options.js';
export type { PortSignals } from './mock/mock-port.js';
export { type SerialPortBinding, serialPortBinding } from './serialport-binding.js';
