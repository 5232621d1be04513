import type { Binding, SerialConnection, SerialSettings } from 'serial-communicator';
import type { PortOptions } from '../options/port-options.js';
import { type PortArgument, SIMULATED_PATH } from './port-argument.js';

/** Longer than the sketch on a simulated board takes from its reset until it listens. */
const SIMULATED_SETTLE_MS = 50;

const SEND_QUEUE_BYTES = 1_048_576;

/** A port that a command is to open. */
export interface SessionPort {
  name: string;
  /** Its path, or what is looked up, for messages. */
  path: string;
  connection: SerialConnection & { settleMs: number; maxPacketBytes: number };
  isSimulated: boolean;
}

/** What to open for the ports of a command line. Every `sim:` gets a board, and so a path, of its own. */
export function sessionPorts(ports: readonly PortArgument[], options: PortOptions, skipFirst: boolean): SessionPort[] {
  const settings = lineSettings(options);
  let boards = 0;
  return ports.map(({ name, path, device, baudRate }) => {
    const isSimulated = path === SIMULATED_PATH;
    const target =
      device === undefined ? { path: isSimulated && ++boards > 1 ? `${path}${boards}` : path } : { device };
    const settleMs = options.settle ?? (isSimulated ? SIMULATED_SETTLE_MS : 0);
    return { name, path, connection: { ...settings, ...target, baudRate, settleMs, skipFirst }, isSimulated };
  });
}

function lineSettings(options: PortOptions): SerialSettings & { maxPacketBytes: number } {
  const { checksum, parity, rtscts, xon, xoff, hupcl, lock, sync, maxPacket, openTimeout } = options;
  return {
    checksum,
    ...(options.dataBits !== undefined && { dataBits: Number(options.dataBits) as 5 | 6 | 7 | 8 }),
    ...(options.stopBits !== undefined && { stopBits: Number(options.stopBits) as 1 | 1.5 | 2 }),
    ...(parity !== undefined && { parity }),
    ...(rtscts !== undefined && { rtscts }),
    ...(xon !== undefined && { xon }),
    ...(xoff !== undefined && { xoff }),
    ...(options.dtr !== undefined && { dtr: options.dtr === 'on' }),
    ...(options.rts !== undefined && { rts: options.rts === 'on' }),
    hupcl,
    lock,
    syncOnOpen: sync,
    maxPacketBytes: maxPacket,
    // Room for a largest frame at least.
    sendQueueBytes: Math.max(SEND_QUEUE_BYTES, 2 * maxPacket),
    ...(openTimeout !== undefined && { openTimeoutMs: openTimeout }),
    required: options.awaitPort !== true,
    reconnect: options.reconnect ? {} : false,
  };
}

/** A binding with a simulated Uno for each simulated port, and the ports of this machine; none if all ports are real. */
export async function bindingFor(ports: readonly SessionPort[]): Promise<Binding | undefined> {
  const simulatedPaths = ports.filter(({ isSimulated }) => isSimulated).map(({ connection }) => connection.path!);
  if (simulatedPaths.length === 0) {
    return undefined;
  }
  const { SerialPort } = await import('serialport');
  const { directBinding, listPorts } = await import('serial-communicator');
  const { SimulatedBoard, simulatedBinding, unoEchoImage } = await import('serial-communicator/testing');
  const image = await unoEchoImage();
  const boards = simulatedBinding(...simulatedPaths.map((path) => new SimulatedBoard({ path, image })));
  const real: Binding = process.platform === 'linux' ? directBinding : SerialPort.binding;
  return {
    list: async () => [...(await boards.list()), ...(await listPorts())],
    open: (options) => (simulatedPaths.includes(options.path) ? boards : real).open(options),
  };
}
