export { FaultyLine, type FaultyLineOptions, type FaultyLineStats } from './faulty-line.js';
export type { LineFaults, LineStats } from './faulty-line-noise.js';
export {
  LoopbackCommunicator,
  type LoopbackCommunicatorOptions,
  type LoopbackConnection,
} from './loopback-communicator.js';
export { mockBinding } from './mock-binding.js';
export { MockDevice, type MockDeviceOptions } from './mock-device.js';
export type { PortSignals } from './mock-port.js';
export { simulatedBinding, unoEchoImage } from './simulated-binding.js';
export { SimulatedBoard, type SimulatedBoardOptions } from './simulated-board.js';
export type { SimulatedBoardStats, SimulatedBytesLost } from './simulated-hardware.js';
