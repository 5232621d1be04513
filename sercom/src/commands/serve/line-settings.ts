import { COM_PORT, type ComPortCommand, type SerialConnection } from 'serial-communicator';

/** The settings of the line that an RFC 2217 client can change. */
export type LineSettings = Required<
  Pick<SerialConnection, 'dataBits' | 'stopBits' | 'parity' | 'rtscts' | 'xon' | 'xoff'>
> & {
  /** 0 if it is not known: the port is one of another machine. */
  baudRate: number;
};

/** Flow control in both directions, by the value of `control`. */
const FLOW: Readonly<Record<number, Pick<LineSettings, 'rtscts' | 'xon' | 'xoff'>>> = {
  [COM_PORT.control.noFlow]: { rtscts: false, xon: false, xoff: false },
  [COM_PORT.control.xonXoff]: { rtscts: false, xon: true, xoff: true },
  [COM_PORT.control.hardwareFlow]: { rtscts: true, xon: false, xoff: false },
};

const PARITIES = Object.keys(COM_PORT.parity) as LineSettings['parity'][];

/** The settings of a connection. */
export function lineSettingsOf({
  baudRate = 0,
  dataBits = 8,
  stopBits = 1,
  parity = 'none',
  rtscts = false,
  xon = false,
  xoff = false,
}: SerialConnection): LineSettings {
  return { baudRate, dataBits, stopBits, parity, rtscts, xon, xoff };
}

/**
 * What a command of RFC 2217 asks to change. It is empty if the command only asks for the current value, or for one that
 * there is not; undefined if the command is not about these settings.
 */
export function changesOf(
  command: ComPortCommand,
  value: number,
  now: LineSettings,
): Partial<LineSettings> | undefined {
  const { control, parity, stopBits } = COM_PORT;
  switch (command) {
    case 'baudRate':
      return value === 0 ? {} : { baudRate: value };
    case 'dataBits':
      return value >= 5 && value <= 8 ? { dataBits: value as LineSettings['dataBits'] } : {};
    case 'parity': {
      const name = PARITIES.find((each) => parity[each] === value);
      return name === undefined ? {} : { parity: name };
    }
    case 'stopBits': {
      const bits = ([1, 1.5, 2] as const).find((each) => stopBits[each] === value);
      return bits === undefined ? {} : { stopBits: bits };
    }
    case 'control':
      switch (value) {
        case control.inboundNoFlow:
        case control.inboundXonXoff:
          // Hardware flow control holds both ends back.
          return now.rtscts ? {} : { xoff: value === control.inboundXonXoff };
        case control.askFlow:
        case control.askInbound:
        case control.inboundHardwareFlow:
          return {};
        default:
          return FLOW[value];
      }
    default:
      return undefined;
  }
}

/** The current value, as the answer to a command about a setting. */
export function answerOf(command: ComPortCommand, value: number, now: LineSettings): number {
  const { control, parity, stopBits } = COM_PORT;
  switch (command) {
    case 'baudRate':
      return now.baudRate;
    case 'dataBits':
      return now.dataBits;
    case 'parity':
      return parity[now.parity];
    case 'stopBits':
      return stopBits[now.stopBits];
    default:
      if (value >= control.askInbound) {
        return now.rtscts ? control.inboundHardwareFlow : now.xoff ? control.inboundXonXoff : control.inboundNoFlow;
      }
      return now.rtscts ? control.hardwareFlow : now.xon ? control.xonXoff : control.noFlow;
  }
}

/** The settings in a few words, for messages: `9600 bit/s, 8N1`. */
export function describeSettings({ baudRate, dataBits, stopBits, parity, rtscts, xon, xoff }: LineSettings): string {
  const flow = rtscts ? ', RTS/CTS' : xon || xoff ? ', XON/XOFF' : '';
  return `${baudRate} bit/s, ${dataBits}${parity[0]!.toUpperCase()}${stopBits}${flow}`;
}
