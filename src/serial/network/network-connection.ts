import { describeValue, invalidOption } from '../../options.js';
import { type SerialSettings, serialSettings } from '../serial-settings.js';
import { isNetworkPath, parseNetworkPath } from './network-address.js';

/** The settings that need a line. */
const LINE_SETTINGS = ['dataBits', 'stopBits', 'parity', 'rtscts', 'xon', 'xoff', 'dtr', 'rts'] as const;

/** Whether a path leads to the network, and not to a server that sets a line. */
export function isRawPath(path: unknown): boolean {
  return typeof path === 'string' && isNetworkPath(path) && !/^rfc2217:/i.test(path);
}

/**
 * Checks what only matters for network paths.
 *
 * @param own - the connection's own settings
 * @param given - the same, and those for all connections. The ones that need a line are removed if there is none
 * @throws InvalidArgumentError (`INVALID_CONNECTION`) that says what is wrong
 */
export function checkNetworkConnection(
  where: string,
  own: SerialSettings & { path?: string; tls?: unknown },
  given: SerialSettings,
): void {
  const { path } = own;
  const address = parseNetworkPath(path ?? '');
  if (typeof address === 'string') {
    const shown = JSON.stringify(path);
    throw invalid(`${where}: ${where.endsWith(shown) ? '' : `path is ${shown}: `}${address}`);
  }
  if (!isRawPath(path)) {
    return;
  }
  const scheme = path!.split(':')[0]!.toLowerCase();
  if (own.tls !== undefined && scheme !== 'tls') {
    throw invalid(`${where}: tls is set, but ${scheme}:// is not encrypted; use tls://, or leave tls out`);
  }
  for (const name of LINE_SETTINGS) {
    if (own[name] !== undefined && own[name] !== serialSettings[name].default) {
      throw invalid(
        `${where}: ${name} is ${describeValue(own[name])}, but ${scheme}:// has no line settings; leave it out, or use ` +
          'rfc2217:// if the server speaks it',
      );
    }
    delete given[name];
  }
}

function invalid(message: string): Error {
  return invalidOption(message, 'INVALID_CONNECTION');
}
