import type { Binding, SerialConnection } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { ACKNOWLEDGED, type Delivery, LISTEN } from '../options/delivery-options.js';
import { type PortOptions, type SessionOptions, settingsOf } from '../options/port-options.js';
import { heardFrameBytes } from '../records/heard-sessions.js';
import type { RequestIdBytes } from '../records/request-ids.js';
import { forNetwork, type TlsFiles } from './network-settings.js';
import type { PortArgument } from './port-argument.js';
import { SIMULATED_PATH, type Simulation, simulationOf } from './simulated-boards.js';
import { simulatedBoard } from './simulated-image.js';

/** Longer than the sketch on a simulated board takes from its reset until it listens. */
const SIMULATED_SETTLE_MS = 50;

const SEND_QUEUE_BYTES = 1_048_576;

/** A port that a command is to open. */
export interface SessionPort {
  name: string;
  /** Its path, or what is looked up, for messages. */
  path: string;
  connection: SerialConnection & { settleMs: number; maxPacketBytes: number };
  /** The board, if it is simulated. */
  simulation: Simulation | undefined;
  /** The file with the boot ROM of a simulated board. */
  bootrom: string | undefined;
  /** Files for a connection over TLS. */
  tls?: TlsFiles | undefined;
  /** Whether it is simulated and runs the echo sketch, which sends nothing on its own. */
  isEchoSketch: boolean;
  /** The packets of its records begin with an id of this many bytes, which is only shown. Default: they have no ids. */
  requestIdBytes?: RequestIdBytes | undefined;
}

/** What {@link sessionPorts} needs in addition to the options of ports. */
export interface SessionSettings {
  skipFirst?: boolean;
  /** Default: plain. */
  delivery?: Delivery;
  /** See {@link SessionPort}. */
  requestIdBytes?: RequestIdBytes | undefined;
  /** The command itself sends requests, with ids of this many bytes. Default: it does not. */
  ownIdBytes?: RequestIdBytes | undefined;
}

/**
 * What to open for the ports of a command line. Every `sim:` gets a board, and so a path, of its own.
 *
 * @throws CliError (usage error) if an option fits none of the ports
 */
export function sessionPorts(
  ports: readonly PortArgument[],
  options: PortOptions & Partial<SessionOptions>,
  { skipFirst = false, requestIdBytes, ownIdBytes, delivery = 'plain' }: SessionSettings = {},
): SessionPort[] {
  if (options.bootrom !== undefined && !ports.some(({ path }) => simulationOf(path)?.kind.options.chip === 'rp2040')) {
    throw new CliError(ExitCode.usage, '--bootrom requires a sim:rp2040: port');
  }
  const payloadBytes = options.maxPacketBytes + (requestIdBytes ?? 0);
  const maxPacketBytes = delivery === LISTEN ? heardFrameBytes(payloadBytes) : payloadBytes;
  const settings = {
    ...settingsOf(options),
    maxPacketBytes,
    // Room for at least one largest frame.
    sendQueueBytes: Math.max(SEND_QUEUE_BYTES, 2 * maxPacketBytes),
    required: options.awaitPort !== true,
    reconnect: options.reconnect ? {} : (false as const),
    skipFirst,
    ...(delivery === ACKNOWLEDGED && { delivery }),
    // A delimiter would be sent into the session of others.
    ...(delivery === LISTEN && { syncOnOpen: false }),
    ...(ownIdBytes !== undefined && { requestIds: { bytes: ownIdBytes } }),
  };
  const networkOf = forNetwork(ports, options, delivery);
  const simulatedPaths = new Set<string>();
  return ports.map(({ name, path, device, baudRate }) => {
    const simulation = simulationOf(path);
    const isSimulated = simulation !== undefined;
    const target = device === undefined ? { path: isSimulated ? unused(path, simulatedPaths) : path } : { device };
    const settleMs = options.settleMs ?? (isSimulated ? SIMULATED_SETTLE_MS : 0);
    const { withoutSettings, tls } = networkOf(path);
    const connection = { ...settings, ...target, ...(baudRate !== undefined && { baudRate }), settleMs };
    for (const setting of withoutSettings) {
      delete connection[setting];
    }
    return {
      name,
      path,
      connection: connection as SessionPort['connection'],
      tls,
      simulation,
      bootrom: options.bootrom,
      isEchoSketch: path === SIMULATED_PATH,
      requestIdBytes,
    };
  });
}

/** The path, or with a number after it if another board has it. */
function unused(path: string, used: Set<string>): string {
  let own = path;
  for (let number = 2; used.has(own); number++) {
    own = `${path}${number}`;
  }
  used.add(own);
  return own;
}

/**
 * A binding with a board for each simulated port, and the ports of this machine; none if all ports are real.
 *
 * @throws CliError (failure) if a board cannot be made
 */
export async function bindingFor(ports: readonly SessionPort[]): Promise<Binding | undefined> {
  const simulated = ports.flatMap(({ simulation, bootrom, connection }) =>
    simulation === undefined ? [] : [{ simulation, bootrom, path: connection.path! }],
  );
  if (simulated.length === 0) {
    return undefined;
  }
  const { defaultBinding, listPorts } = await import('serial-communicator');
  const { simulatedBinding } = await import('serial-communicator/testing');
  const making = simulated.map(({ path, simulation, bootrom }) => simulatedBoard(path, simulation, bootrom));
  const boards = simulatedBinding(...(await Promise.all(making)));
  const simulatedPaths = simulated.map(({ path }) => path);
  return {
    list: async () => [...(await boards.list()), ...(await listPorts())],
    open: (options) => (simulatedPaths.includes(options.path) ? boards : defaultBinding).open(options),
  };
}
