import { once } from 'node:events';
import { FrameEncoder, type SignalSettings } from 'serial-communicator';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { Interruption } from '../../interruption.js';
import { ACKNOWLEDGED } from '../../options/delivery-options.js';
import { type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import type { LiveFooter } from '../../session/live-footer.js';
import { printMessage } from '../../terminal/message.js';
import { discardWhenStalled } from '../../terminal/terminal-stream.js';
import { within } from '../../within.js';
import type { Run } from '../command.js';
import type { Client } from './client.js';
import { ComPort } from './com-port.js';
import type { definition, ServeOptions } from './command.js';
import { Hub } from './hub.js';
import { Listener } from './listener.js';
import { PortWriter } from './port-writer.js';
import { Rfc2217Server } from './rfc2217-server.js';
import { SharedPort } from './shared-port.js';
import { watchStalls } from './stall-watch.js';
import { showStatus } from './status-line.js';

/** What clients put into a frame besides a packet, at most: a checksum, an id and a header. */
const FRAME_OVERHEAD_BYTES = 16;

/** How long the port may take, at the end, to accept what clients have sent. */
const DRAIN_MS = 1_000;

/** Shares a port with all clients that connect, until Ctrl-C. */
export const run: Run<typeof definition> = async (options, output) => {
  if (options.tcp === undefined && options.unix === undefined) {
    throw new CliError(ExitCode.usage, 'serve requires --tcp or --unix; for example --tcp 4000');
  }
  const interruption = new Interruption();
  const interrupted = once(interruption.signal, 'abort');
  const port = servedPort(options);
  const listeners: Listener[] = [];
  const isFramed = options.bytes !== true;
  const writer = new PortWriter(isFramed, options.syncOnOpen, () => {
    // The port that opens next is another one.
    shared.restart().catch(() => {});
  });
  const shared: SharedPort = new SharedPort(port, {
    received: (chunk) => hub.received(chunk),
    opened(raw) {
      comPort.opened();
      writer.opened(raw);
    },
    closed: () => {
      writer.closed();
      hub.portClosed();
    },
  });
  const lines = { dtr: true, rts: process.platform !== 'win32', ...linesOf(options), brk: false };
  const comPort = new ComPort(shared, lines, options.readOnly === true);
  const prepare = options.rfc2217 ? (client: Client) => void new Rfc2217Server(client, comPort) : undefined;
  const hub: Hub = new Hub(
    { ...hubSettings(options), prepare },
    {
      get isConnected() {
        return shared.isConnected;
      },
      laneChanged: (lane) => writer.laneChanged(lane),
    },
  );
  let footer: LiveFooter | undefined;
  const stallWatch = watchStalls(port.name, writer, () => shared.settings.baudRate);
  try {
    const opened = shared.open();
    // If it is interrupted, nobody waits for it.
    opened.catch(() => {});
    await Promise.race([opened, interrupted]);
    if (!interruption.signal.aborted) {
      const { lost } = await opened;
      await listen(options, hub, listeners);
      printMessage(
        `serving ${described(port)} on ${listeners.map(({ address }) => address).join(', ')}; press Ctrl-C to stop`,
      );
      footer = options.stats ? showStatus(output, hub, shared) : undefined;
      await Promise.race([interrupted, lost]);
    }
    return interruption.exitCode(ExitCode.success);
  } finally {
    if (interruption.signal.aborted) {
      discardWhenStalled();
    }
    footer?.close();
    clearInterval(stallWatch);
    for (const listener of listeners) {
      listener.close();
    }
    await hub.close();
    await within(DRAIN_MS, hub.written(), new AbortController().signal);
    await writer.end();
    await shared.close();
    interruption.close();
    if (listeners.length > 0) {
      printMessage(hub.summary());
    }
  }
};

function servedPort(options: ServeOptions): SessionPort {
  // What clients send has its checksum already, and the writer begins with a delimiter itself.
  const settings = { ...options, checksum: 'none' as const, syncOnOpen: false };
  return sessionPorts([parsePort(options.port, options.baud)], settings)[0]!;
}

function hubSettings({ bytes, maxPacketBytes, clientQueueBytes, readOnly, delivery, maxClients }: ServeOptions) {
  return {
    isFramed: bytes !== true,
    maxFrameBytes: new FrameEncoder().maxWireBytes(maxPacketBytes + FRAME_OVERHEAD_BYTES),
    queueBytes: clientQueueBytes,
    isReadOnly: readOnly === true,
    hasOneSpeaker: delivery === ACKNOWLEDGED,
    maxClients,
  };
}

/** The control lines that options set. */
function linesOf({ dtr, rts }: ServeOptions): Pick<SignalSettings, 'dtr' | 'rts'> {
  return { ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) };
}

async function listen({ tcp, unix }: ServeOptions, hub: Hub, listeners: Listener[]): Promise<void> {
  if (tcp !== undefined) {
    listeners.push(await Listener.tcp(tcp, (socket) => hub.add(socket, true)));
  }
  if (unix !== undefined) {
    listeners.push(await Listener.unix(unix, (socket) => hub.add(socket, false)));
  }
}

function described({ name, path }: SessionPort): string {
  return name === path ? path : `${name} (${path})`;
}
