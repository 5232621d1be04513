export {
  Communicator,
  type CommunicatorEvents,
  CommunicatorState,
  type ReadyOptions,
  type ReceiveHandler,
  type SendOptions,
} from './communicator.js';
export {
  AttributeError,
  CommunicatorError,
  ConnectionError,
  type ConnectionErrorCode,
  type ErrorCode,
  FrameError,
  IllegalStateAction,
  InitializeError,
  InvalidArgumentError,
  type InvalidArgumentErrorCode,
  KeyError,
} from './errors.js';
export type { Checksum, ChecksumName } from './framing/checksum.js';
export { cobsDecode, cobsEncode, cobsEncodeInto, cobsMaxEncodedLength } from './framing/cobs.js';
export {
  FrameDecoder,
  type FrameDecoderOptions,
  type RejectedFrame,
  type RejectReason,
} from './framing/frame-decoder.js';
export { FrameEncoder, type FrameEncoderOptions } from './framing/frame-encoder.js';
export type { Binding, PortInfo, PushBinding } from './serial/binding.js';
export type { SignalSettings, Signals } from './serial/control-lines.js';
export { defaultBinding } from './serial/default-binding.js';
export type { DeviceSelector } from './serial/device-selector.js';
export { directBinding } from './serial/direct/direct-binding.js';
export { listPorts } from './serial/list-ports.js';
export type { Port, PortListener, PortOpenOptions, ReadPort } from './serial/port.js';
export {
  SerialCommunicator,
  type SerialCommunicatorOptions,
  type SerialEvents,
} from './serial/serial-communicator.js';
export type { SerialConnection } from './serial/serial-connection.js';
export {
  type ReconnectOptions,
  type SerialSetting,
  type SerialSettings,
  serialSettings,
} from './serial/serial-settings.js';
export type { SerialStats } from './serial/serial-stats.js';
export type { ConnectionState } from './serial/supervisor/connection-states.js';
