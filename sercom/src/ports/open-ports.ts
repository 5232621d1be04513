import type { Binding, SerialConnection } from 'serial-communicator';
import { type PortOptions, settingsOf } from '../options/port-options.js';
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
  const { maxPacketBytes } = options;
  const settings = {
    ...settingsOf(options),
    maxPacketBytes,
    // Room for at least one largest frame.
    sendQueueBytes: Math.max(SEND_QUEUE_BYTES, 2 * maxPacketBytes),
    required: options.awaitPort !== true,
    reconnect: options.reconnect ? {} : (false as const),
    skipFirst,
  };
  let boards = 0;
  return ports.map(({ name, path, device, baudRate }) => {
    const isSimulated = path === SIMULATED_PATH;
    const target =
      device === undefined ? { path: isSimulated && ++boards > 1 ? `${path}${boards}` : path } : { device };
    const settleMs = options.settleMs ?? (isSimulated ? SIMULATED_SETTLE_MS : 0);
    return { name, path, connection: { ...settings, ...target, baudRate, settleMs }, isSimulated };
  });
}

/** A binding with a simulated Uno for each simulated port, and the ports of this machine; none if all ports are real. */
export async function bindingFor(ports: readonly SessionPort[]): Promise<Binding | undefined> {
  const simulatedPaths = ports.filter(({ isSimulated }) => isSimulated).map(({ connection }) => connection.path!);
  if (simulatedPaths.length === 0) {
    return undefined;
  }
  const { defaultBinding, listPorts } = await import('serial-communicator');
  const { SimulatedBoard, simulatedBinding, unoEchoImage } = await import('serial-communicator/testing');
  const image = await unoEchoImage();
  const boards = simulatedBinding(...simulatedPaths.map((path) => new SimulatedBoard({ path, image })));
  return {
    list: async () => [...(await boards.list()), ...(await listPorts())],
    open: (options) => (simulatedPaths.includes(options.path) ? boards : defaultBinding).open(options),
  };
}
