import { once } from 'node:events';
import type { ConnectionError, SerialCommunicator } from 'serial-communicator';
import type { MqttBridge, MqttBridgeOptions } from 'serial-communicator/mqtt';
import { CliError, codeOf } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import type { SessionPort } from '../../ports/open-ports.js';
import { communicatorFor, initialize, watchConnections } from '../../session/connections.js';
import { reportTrouble, watchSessions } from '../../session/session-events.js';
import { TroubleWatch } from '../../session/trouble-watch.js';
import { UnframedBytes } from '../../session/unframed-bytes.js';
import { printMessage } from '../../terminal/message.js';
import { discardWhenStalled } from '../../terminal/terminal-stream.js';
import { count } from '../../text/count.js';
import { LossWatch } from './loss-watch.js';
import { bridgeTotals } from './totals.js';

/** What {@link runBridge} connects. */
export interface BridgeSession {
  readonly ports: readonly SessionPort[];
  readonly options: MqttBridgeOptions;
  /** What to print when everything is connected. */
  readonly greeting: string;
}

/**
 * Connects ports to a broker until the signal aborts. The name is claimed before a port is opened: opening resets many
 * boards, which may belong to another bridge.
 *
 * @throws CliError (usage error) if an option is invalid; an error of the library if the broker refuses the bridge, another
 *   one has its name, a port cannot be opened, or the last port is lost for good
 */
export async function runBridge({ ports, options, greeting }: BridgeSession, signal: AbortSignal): Promise<void> {
  const communicator = await communicatorFor(ports);
  const bridge = await bridgeFor(communicator, options);
  const closing = new AbortController();
  const aborted = once(signal, 'abort');
  const refused = watchBroker(bridge);
  watchUnknown(bridge, ports);
  const lost = watchConnections(communicator, ports, closing.signal);
  const trouble = watchTrouble(communicator, ports, closing.signal);
  let losses: LossWatch | undefined;
  try {
    signal.throwIfAborted();
    await Promise.race([bridge.start(), aborted]);
    signal.throwIfAborted();
    await initialize(communicator, ports);
    signal.throwIfAborted();
    trouble.start();
    losses = new LossWatch(names(ports), (name) => bridge.stats(name));
    printMessage(greeting);
    await Promise.race([refused, lost, aborted]);
  } catch (error) {
    if (!signal.aborted) {
      throw forUsers(error);
    }
  } finally {
    if (signal.aborted) {
      discardWhenStalled();
    }
    closing.abort();
    trouble.close();
    // Applications learn first that the bridge ends, not that its devices are lost.
    await bridge.stop();
    await communicator[Symbol.asyncDispose]();
    losses?.close();
    if (losses !== undefined) {
      for (const name of names(ports)) {
        printMessage(bridgeTotals(name, bridge.stats(name), communicator.stats(name)));
      }
      if (bridge.unknownCommands > 0) {
        printMessage(
          `${count(bridge.unknownCommands, 'command')} refused: for connections that the bridge does not have`,
        );
      }
    }
  }
}

async function bridgeFor(communicator: SerialCommunicator, options: MqttBridgeOptions): Promise<MqttBridge> {
  const { MqttBridge } = await import('serial-communicator/mqtt');
  try {
    return new MqttBridge(communicator, options);
  } catch (error) {
    if (codeOf(error) !== 'INVALID_OPTION') {
      throw error;
    }
    throw new CliError(ExitCode.usage, (error as Error).message, { cause: error });
  }
}

/** The error, or, if the broker refused the certificates, one that names options instead of settings. */
function forUsers(error: unknown): unknown {
  return codeOf(error) === 'BROKER_OFFLINE'
    ? new CliError(ExitCode.failure, withFlags((error as Error).message), { cause: error })
    : error;
}

function withFlags(message: string): string {
  return message.replace(/"(ca|cert|key)"/g, '--mqtt-$1');
}

/** Reports on stderr when the broker is lost, and when it is reached again. Rejects when the bridge is online no more. */
function watchBroker(bridge: MqttBridge): Promise<never> {
  const refused = new Promise<never>((_, reject) => {
    let isLost = false;
    let wasOnline = false;
    bridge.on('online', ({ broker }) => {
      wasOnline = true;
      if (isLost) {
        isLost = false;
        printMessage(`broker ${broker} connected`);
      }
    });
    bridge.on('offline', ({ error, willReconnect }: { error: ConnectionError; willReconnect: boolean }) => {
      isLost = true;
      if (willReconnect) {
        printMessage(`${withFlags(error.message)}${wasOnline ? '' : '; trying again'}`);
      } else {
        reject(error);
      }
    });
  });
  // It may reject while the ports are being opened, before anyone waits for it.
  refused.catch(() => {});
  return refused;
}

/** Reports the first command for a connection that does not exist. The totals have the number of all. */
function watchUnknown(bridge: MqttBridge, ports: readonly SessionPort[]): void {
  const report = ({ name, reason }: { name: string; reason: string }) => {
    if (reason === 'unknown') {
      bridge.off('commandRefused', report);
      printMessage(
        `"${name}": 1 command refused: the bridge has no such connection; it has: ${names(ports).join(', ')}`,
      );
    }
  };
  bridge.on('commandRefused', report);
}

/** Reports on stderr what is wrong with ports and sessions. */
function watchTrouble(communicator: SerialCommunicator, ports: readonly SessionPort[], closing: AbortSignal) {
  const unframed = new UnframedBytes();
  const incompatible = new Map<string, string>();
  const unheard = new Set(names(ports));
  // A device that has sent a packet needs no diagnosis, and then chunks cost nothing.
  const sample = ({ name, bytes }: { name: string; bytes: Uint8Array }) => {
    if (!unheard.has(name)) {
      return;
    }
    if (communicator.stats(name).packetsReceived > 0) {
      unheard.delete(name);
    }
    if (unheard.size === 0) {
      communicator.off('chunk', sample);
    } else {
      unframed.take(name, bytes);
    }
  };
  communicator.on('chunk', sample);
  communicator.on('rejectedFrame', ({ name, reason, head }) => {
    if (reason === 'malformed') {
      unframed.takeMalformed(name, head);
    }
  });
  watchSessions(communicator, reportTrouble, closing);
  communicator.on('sessionStarted', ({ name }) => incompatible.delete(name));
  communicator.on('sessionFailed', ({ name, error }) => {
    if (error.code === 'PEER_INCOMPATIBLE') {
      incompatible.set(name, error.message);
    }
  });
  let watch: TroubleWatch | undefined;
  return {
    start() {
      for (const { name, path } of ports.filter((port) => communicator.connectionState(port.name) !== 'connected')) {
        printMessage(`waiting for "${name}" (${path})`);
      }
      const live = {
        stats: (name: string) => communicator.stats(name),
        state: (name: string) => communicator.connectionState(name),
        connectionError: (name: string) => communicator.connectionError(name),
        incompatibility: (name: string) => incompatible.get(name),
        unframed: (name: string) => unframed.of(name),
      };
      watch = new TroubleWatch({ ports, live, seeBytes: '"sercom monitor --raw" shows them' });
    },
    close() {
      watch?.close();
    },
  };
}

function names(ports: readonly SessionPort[]): string[] {
  return ports.map(({ name }) => name);
}
