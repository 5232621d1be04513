import type {
  Binding,
  ConnectionError,
  InitializeError,
  PortInfo,
  SerialCommunicator,
  SerialConnection,
} from 'serial-communicator';
import { withFlags } from '../options/port-options.js';
import { tlsOptions } from '../ports/network-settings.js';
import { bindingFor, type SessionPort } from '../ports/open-ports.js';
import { usbNames } from '../ports/port-argument.js';
import { selects } from '../ports/usb-port.js';
import { printMessage } from '../terminal/message.js';
import { similar } from '../text/suggest.js';
import { describeIgnoredSetting } from './ignored-settings.js';

/**
 * Opens all ports.
 *
 * @throws InitializeError, whose messages name options instead of settings. They suggest a similar port for one that does
 * not exist, and name those that match if several do
 */
export async function initialize(communicator: SerialCommunicator, ports: readonly SessionPort[]): Promise<void> {
  try {
    await communicator.initialize();
  } catch (error) {
    throw await forUsers(error, ports);
  }
}

/**
 * Reports disconnects, reconnects and ignored settings on stderr. Rejects when no connection is left that is open, released or will be
 * reopened, or when a record could not be handled.
 *
 * @param closing - aborted when the ports are closed on purpose, which is not reported
 */
export function watchConnections(
  communicator: SerialCommunicator,
  ports: readonly SessionPort[],
  closing: AbortSignal,
): Promise<never> {
  let remaining = ports.length;
  // A port that is awaited counts as disconnected until it opens.
  const disconnected = new Set(ports.filter(({ connection }) => connection.required === false).map(({ name }) => name));
  const lost = new Promise<never>((_, reject) => {
    communicator.on('connected', ({ name, path, baudRate }) => {
      const requested = ports.find((port) => port.name === name)?.connection.baudRate;
      if (baudRate !== requested) {
        printMessage(`"${name}" runs at ${baudRate} bit/s: the driver cannot do exactly ${requested} bit/s`);
      }
      if (disconnected.delete(name)) {
        printMessage(`"${name}" connected (${path})`);
      }
    });
    communicator.on('settingIgnored', (ignored) => {
      if (!closing.aborted) {
        printMessage(describeIgnoredSetting(ignored));
      }
    });
    communicator.on('disconnected', ({ name, error, willReconnect }) => {
      if (closing.aborted) {
        return;
      }
      if (communicator.connectionError(name)?.code === 'CONNECTION_RELEASED') {
        disconnected.add(name);
        if (error.code !== 'CONNECTION_RELEASED') {
          printMessage(error.message);
        }
        return;
      }
      if (willReconnect) {
        disconnected.add(name);
        printMessage(`${error.message}; reconnecting`);
        return;
      }
      remaining--;
      if (remaining === 0) {
        reject(error);
      } else {
        printMessage(error.message);
      }
    });
    communicator.on('handlerError', ({ error }) => reject(error));
  });
  // It may reject while the ports are still being opened, before anyone waits for it.
  lost.catch(() => {});
  return lost;
}

async function forUsers(error: unknown, ports: readonly SessionPort[]): Promise<unknown> {
  const { ConnectionError, InitializeError, listPorts } = await import('serial-communicator');
  if (!(error instanceof InitializeError)) {
    return error;
  }
  const listed = (await listPorts()).filter(({ hasNode }) => hasNode !== false);
  const errors: InitializeError['errors'] = error.errors.map((each) => {
    const port = ports.find(({ name }) => name === each.connection);
    const message = withFlags((port && suggestion(each, port, listed)) ?? each.message);
    return new ConnectionError(each.code, each.connection, message, { cause: each });
  });
  return new InitializeError(errors);
}

/** The message with what was probably meant. Undefined if nothing is known. */
function suggestion({ code, message }: ConnectionError, port: SessionPort, listed: readonly PortInfo[]) {
  const { device } = port.connection;
  if (code === 'PORT_NOT_FOUND') {
    const paths = listed.map(({ path }) => path);
    const meant = similar(port.path, paths);
    return meant === undefined ? undefined : `${message} (Did you mean ${meant}?)`;
  }
  const matching = listed.filter((each) => device !== undefined && selects(device, each));
  if (code !== 'PORT_AMBIGUOUS' || matching.length < 2) {
    return undefined;
  }
  const names = usbNames(listed, device);
  const choices = matching.map((each) => {
    const name = names.get(each);
    return name === undefined ? each.path : `${name} (${each.path})`;
  });
  return `port "${port.path}": ${matching.length} ports match; name one of: ${choices.join(', ')}`;
}

/**
 * A communicator with a connection for each port.
 *
 * @param wrap - makes another binding of the one that opens the ports. Default: it is used as it is
 */
export async function communicatorFor(
  ports: readonly SessionPort[],
  wrap?: (binding: Binding) => Binding,
): Promise<SerialCommunicator> {
  const { defaultBinding, SerialCommunicator } = await import('serial-communicator');
  const own = await bindingFor(ports);
  const binding = wrap === undefined ? own : wrap(own ?? defaultBinding);
  const communicator = new SerialCommunicator(binding && { binding });
  for (const { name, connection, tls } of ports) {
    communicator.addConnection(
      name,
      tls ? ({ ...connection, tls: await tlsOptions(tls) } as SerialConnection) : connection,
    );
  }
  return communicator;
}
