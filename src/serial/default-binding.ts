import type { Binding } from './binding.js';
import { directBinding } from './direct/direct-binding.js';
import { nativeBinding } from './native-binding.js';
import { isNetworkPath } from './network/network-address.js';
import type { NetworkOpenOptions, Port, PortOpenOptions } from './port.js';

/** The prefix with which programs of Windows open ports above COM9. `serialport` adds it itself. */
const DEVICE_PREFIX = /^\\\\\.\\/;

/**
 * The binding that `SerialCommunicator` uses if it is given none. It opens network paths, such as `tcp://host:port`, itself.
 * The ports of this machine are those of `directBinding` on Linux, and of `SerialPort.binding` of `serialport` on macOS and
 * Windows.
 */
export const defaultBinding: Binding = bindingFor(process.platform, nativeBinding);

/**
 * The binding for a platform.
 *
 * @param load - loads the binding of `serialport`
 * @internal
 */
export function bindingFor(platform: NodeJS.Platform, load: () => Promise<Binding>): Binding {
  const local = platform === 'linux' ? directBinding : serialportBinding(platform === 'win32', load);
  const { describe, hasNode, opening } = local;
  return {
    list: () => local.list(),
    open: (options) => (isNetworkPath(options.path) ? openOnNetwork(options) : local.open(options)),
    ...(describe && { describe: async (path: string) => (isNetworkPath(path) ? undefined : describe(path)) }),
    ...(hasNode && { hasNode: (path: string) => isNetworkPath(path) || hasNode(path) }),
    ...(opening && { opening }),
  };
}

/** A program without ports on the network does not load what opens them. */
async function openOnNetwork(options: NetworkOpenOptions): Promise<Port> {
  const { openNetworkPath } = await import('./network/open-network-path.js');
  return openNetworkPath(options);
}

function serialportBinding(isWindows: boolean, load: () => Promise<Binding>): Binding {
  const adapted = ({ path, ...rest }: PortOpenOptions) => ({ path: path.replace(DEVICE_PREFIX, ''), ...rest });
  return {
    list: async () => (await load()).list(),
    open: async (options) => (await load()).open(isWindows ? adapted(options) : options),
    ...(isWindows && { opening: 'windows' }),
  };
}
