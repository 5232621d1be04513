import { telnetSubnegotiation } from './telnet.js';

/** A command of RFC 2217. The settings of a line have the names that they have in `SerialSettings`. */
export type ComPortCommand =
  | 'signature'
  | 'baudRate'
  | 'dataBits'
  | 'parity'
  | 'stopBits'
  | 'control'
  | 'lineState'
  | 'modemState'
  | 'suspend'
  | 'resume'
  | 'lineStateMask'
  | 'modemStateMask'
  | 'purge';

/** The commands by their numbers, as a client sends them. */
const COMMANDS: readonly ComPortCommand[] = [
  'signature',
  'baudRate',
  'dataBits',
  'parity',
  'stopBits',
  'control',
  'lineState',
  'modemState',
  'suspend',
  'resume',
  'lineStateMask',
  'modemStateMask',
  'purge',
];

/** A server adds this to the numbers of the commands that it sends. */
const SERVER_OFFSET = 100;

/** The numbers of RFC 2217, and of the telnet options that it needs. */
export const COM_PORT = {
  /** Telnet options. `comPort` is RFC 2217 itself. */
  options: { binary: 0, suppressGoAhead: 3, comPort: 44 },
  /** Values of `parity`. 0 asks for the current one, as in `baudRate`, `dataBits` and `stopBits`. */
  parity: { none: 1, odd: 2, even: 3, mark: 4, space: 5 },
  /** Values of `stopBits`. */
  stopBits: { 1: 1, 2: 2, 1.5: 3 },
  /**
   * Values of `control`. Each `ask…` asks for the current one of the values after it. `inbound…` is what holds the device
   * back; the others are what holds the server back and, unless an inbound one is set after them, the device too.
   */
  control: {
    askFlow: 0,
    noFlow: 1,
    xonXoff: 2,
    hardwareFlow: 3,
    askBreak: 4,
    breakOn: 5,
    breakOff: 6,
    askDtr: 7,
    dtrOn: 8,
    dtrOff: 9,
    askRts: 10,
    rtsOn: 11,
    rtsOff: 12,
    askInbound: 13,
    inboundNoFlow: 14,
    inboundXonXoff: 15,
    inboundHardwareFlow: 16,
  },
  /** Bits of `modemState`: the lines that the device sets. */
  modemState: { cts: 16, dsr: 32, ring: 64, dcd: 128 },
  /** Values of `purge`: discard what the server received from the device, what it has not sent to it, or both. */
  purge: { received: 1, unsent: 2, both: 3 },
} as const;

/** A command of RFC 2217 with its value. */
export interface ComPortMessage {
  command: ComPortCommand;
  /** Whether a server sent it: the answer to a command, or a notification. */
  isFromServer: boolean;
  /** 0 if the command has none. */
  value: number;
  /** The text of a `signature`. Empty: asks for the peer's. */
  text: string;
}

/** Encodes a command for a telnet peer, whole. */
export function encodeComPort(
  command: ComPortCommand,
  value: number | string = 0,
  { isFromServer = false }: Partial<Pick<ComPortMessage, 'isFromServer'>> = {},
): Uint8Array {
  const code = COMMANDS.indexOf(command) + (isFromServer ? SERVER_OFFSET : 0);
  return telnetSubnegotiation(COM_PORT.options.comPort, Uint8Array.of(code, ...encodeValue(command, value)));
}

/** Decodes what follows the option in a subnegotiation. Returns undefined if it is unknown or too short. */
export function decodeComPort(bytes: Uint8Array): ComPortMessage | undefined {
  const [code = -1] = bytes;
  const isFromServer = code >= SERVER_OFFSET;
  const command = COMMANDS[isFromServer ? code - SERVER_OFFSET : code];
  if (command === undefined) {
    return undefined;
  }
  const message = { command, isFromServer, value: 0, text: '' };
  if (command === 'signature') {
    return { ...message, text: Buffer.from(bytes.subarray(1)).toString('latin1') };
  }
  const length = valueBytes(command);
  if (bytes.length < 1 + length) {
    return undefined;
  }
  for (const byte of bytes.subarray(1, 1 + length)) {
    message.value = message.value * 256 + byte;
  }
  return message;
}

function encodeValue(command: ComPortCommand, value: number | string): Uint8Array {
  if (typeof value === 'string') {
    return Buffer.from(value, 'latin1');
  }
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return command === 'signature' ? new Uint8Array() : new Uint8Array(bytes.buffer, 4 - valueBytes(command));
}

function valueBytes(command: ComPortCommand): number {
  switch (command) {
    case 'baudRate':
      return 4;
    case 'suspend':
    case 'resume':
      return 0;
    default:
      return 1;
  }
}
