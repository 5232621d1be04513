import type { Binding, ChecksumName, SerialConnection } from '../index.js';
import { type PortArgument, SIMULATED_PATH } from './port-argument.js';

/** The longest packet, each way. */
export const MAX_PACKET_BYTES = 65_536;

/** Longer than the sketch on a simulated board takes from its reset until it listens. */
const SIMULATED_SETTLE_MS = 50;

/** The options about ports that every command has which opens some. */
export interface LineOptions {
  /** In bit/s. */
  baud: number;
  checksum: ChecksumName;
  /** In milliseconds. */
  settle?: number;
}

/** A port that a command is to open. */
export interface SessionPort {
  name: string;
  connection: SerialConnection & { path: string; settleMs: number };
  isSimulated: boolean;
}

/** What to open for the ports of a command line. Every `sim:` gets a board, and so a path, of its own. */
export function sessionPorts(ports: readonly PortArgument[], options: LineOptions, skipFirst: boolean): SessionPort[] {
  let boards = 0;
  return ports.map(({ name, path, baudRate }) => {
    const isSimulated = path === SIMULATED_PATH;
    const connection = {
      path: isSimulated && ++boards > 1 ? `${path}${boards}` : path,
      baudRate,
      maxPacketBytes: MAX_PACKET_BYTES,
      checksum: options.checksum,
      settleMs: options.settle ?? (isSimulated ? SIMULATED_SETTLE_MS : 0),
      skipFirst,
      reconnect: false as const,
    };
    return { name, connection, isSimulated };
  });
}

/** A binding with a simulated Uno for each simulated port, and the ports of this machine; none if all ports are real. */
export async function bindingFor(ports: readonly SessionPort[]): Promise<Binding | undefined> {
  const simulatedPaths = ports.filter((port) => port.isSimulated).map((port) => port.connection.path);
  if (simulatedPaths.length === 0) {
    return undefined;
  }
  const { SerialPort } = await import('serialport');
  const { directBinding, listPorts } = await import('../index.js');
  const { SimulatedBoard, simulatedBinding, unoEchoImage } = await import('../testing/index.js');
  const image = await unoEchoImage();
  const boards = simulatedBinding(...simulatedPaths.map((path) => new SimulatedBoard({ path, image })));
  const real: Binding = process.platform === 'linux' ? directBinding : SerialPort.binding;
  return {
    list: async () => [...(await boards.list()), ...(await listPorts())],
    open: (options) => (simulatedPaths.includes(options.path) ? boards : real).open(options),
  };
}
