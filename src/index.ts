export type { ReadyOptions, SendOptions } from './call-arguments.js';
export { Communicator, type ReceiveHandler } from './communicator.js';
export type { CommunicatorEvents } from './communicator-events.js';
export type { CommunicatorHooks } from './communicator-hooks.js';
export type { DeliveryStats } from './delivery/delivery-stats.js';
export type {
  HeardAck,
  HeardData,
  HeardDatagram,
  HeardFrame,
  HeardNoSession,
  HeardOpen,
  HeardSession,
  HeardStatus,
  HeardUnknown,
} from './delivery/heard-frame.js';
export { SessionListener } from './delivery/session-listener.js';
export type { HandshakeFrame, NoSessionFrame, OpenFrame, StatusFrame } from './delivery/wire-format.js';
export {
  AttributeError,
  CommunicatorError,
  ConnectionError,
  type ConnectionErrorCode,
  type Delivered,
  type ErrorCode,
  FrameError,
  IllegalStateAction,
  InitializeError,
  InvalidArgumentError,
  type InvalidArgumentErrorCode,
  KeyError,
  ReplyError,
} from './errors.js';
export type { EventSource } from './event-source.js';
export type { Checksum, ChecksumName } from './framing/checksum.js';
export { cobsDecode, cobsEncode, cobsEncodeInto, cobsMaxEncodedLength } from './framing/cobs.js';
export {
  FrameDecoder,
  type FrameDecoderOptions,
  type RejectedFrame,
  type RejectReason,
} from './framing/frame-decoder.js';
export { FrameEncoder, type FrameEncoderOptions } from './framing/frame-encoder.js';
export { CommunicatorState } from './life-cycle.js';
export type { Channel, ChannelOptions, ChannelRequestOptions } from './requests/channel.js';
export type { Codec } from './requests/codec.js';
export type { ConnectionStats } from './requests/connection-stats.js';
export type { RequestHandler } from './requests/incoming-requests.js';
export type { Inlet } from './requests/inlet.js';
export type { NamedConnection, PacketHandler, ReopenOptions } from './requests/named-connection.js';
export type { PacketIterator } from './requests/packet-iterator.js';
export type { RequestIdOptions } from './requests/request-ids.js';
export type { RequestOptions } from './requests/request-options.js';
export type { RequestSettings } from './requests/request-settings.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './requests/standard-schema.js';
export type { LineCounts, Transmission } from './requests/transmission.js';
export type { Binding, PortInfo, PushBinding } from './serial/binding.js';
export type { SignalSettings, Signals } from './serial/control-lines.js';
export { defaultBinding } from './serial/default-binding.js';
export type { AcknowledgedStats, SessionInfo } from './serial/delivery/connection-delivery.js';
export type { DeviceSelector } from './serial/device-selector.js';
export { directBinding } from './serial/direct/direct-binding.js';
export { listPorts } from './serial/list-ports.js';
export { type PeerOwner, PeerWatch } from './serial/network/dead-peer.js';
export type { NetworkPath } from './serial/network/network-address.js';
export {
  COM_PORT,
  type ComPortCommand,
  type ComPortMessage,
  decodeComPort,
  encodeComPort,
} from './serial/network/rfc2217/com-port-option.js';
export {
  TelnetDecoder,
  type TelnetListener,
  type TelnetVerb,
  telnetEscape,
  telnetNegotiation,
} from './serial/network/rfc2217/telnet.js';
export type {
  IgnoredSetting,
  NetworkOpenOptions,
  Port,
  PortListener,
  PortOpenOptions,
  ReadPort,
} from './serial/port.js';
export {
  SerialCommunicator,
  type SerialCommunicatorOptions,
  type SerialEvents,
} from './serial/serial-communicator.js';
export type { LineConnection, NetworkConnection, SerialConnection } from './serial/serial-connection.js';
export {
  type ReconnectOptions,
  type SerialSetting,
  type SerialSettings,
  serialSettings,
} from './serial/serial-settings.js';
export type { SerialStats } from './serial/serial-stats.js';
export type { ConnectionState } from './serial/supervisor/connection-states.js';
