import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type NetworkConnection, serialSettings } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { ACKNOWLEDGED, type Delivery } from '../options/delivery-options.js';
import { flagOf, LINE_SETTINGS, type PortOptions } from '../options/port-options.js';
import { printMessage } from '../terminal/message.js';
import { cannotRead } from '../text/file-problem.js';
import { isNetworkPort, isRawPort } from './network-port.js';
import { parsePort } from './port-argument.js';

/** The files for connections over TLS. */
export type TlsFiles = Pick<PortOptions, 'tlsCa' | 'tlsCert' | 'tlsKey'>;

/** What only matters for ports on the network. */
interface NetworkSettings {
  /** Settings that do not apply to this port. */
  withoutSettings: readonly (typeof LINE_SETTINGS)[number][];
  tls: TlsFiles | undefined;
}

/** Drops the options of profiles that fit none of the ports: a profile may serve several, of which this run uses one. */
export function dropUnfitting(command: Command, portArguments: readonly string[]): void {
  const paths = portArguments.map((argument) => parsePort(argument, 1).path);
  const isAcknowledged = command.getOptionValue('delivery') === ACKNOWLEDGED;
  const unfitting = [
    ...(paths.every(isRawPort) ? LINE_SETTINGS : []),
    ...(isAcknowledged || paths.some(isNetworkPort) ? [] : ['keepAliveMs']),
    ...(paths.some(isTls) ? [] : ['tlsCa', 'tlsCert', 'tlsKey']),
  ];
  for (const name of unfitting) {
    if (command.getOptionValueSource(name) === 'config') {
      command.setOptionValueWithSource(name, undefined, 'default');
    }
  }
}

/**
 * Finds out what only matters for ports on the network. Options of the line are left out for ports without one, and reported,
 * if there are other ports that they are for.
 *
 * @returns what it is for a path
 * @throws CliError (usage error) if an option fits none of the ports
 */
export function forNetwork(
  ports: readonly { path: string }[],
  options: PortOptions,
  delivery: Delivery,
): (path: string) => NetworkSettings {
  const { tlsCa, tlsCert, keepAliveMs } = options;
  if ((tlsCa ?? tlsCert) !== undefined && !ports.some(({ path }) => isTls(path))) {
    throw new CliError(ExitCode.usage, `--tls-${tlsCa === undefined ? 'cert' : 'ca'} requires a tls:// port`);
  }
  if (keepAliveMs !== undefined && delivery !== ACKNOWLEDGED && !ports.some(({ path }) => isNetworkPort(path))) {
    throw new CliError(ExitCode.usage, '--keep-alive requires --delivery acknowledged, or a port on the network');
  }
  const raw = ports.filter(({ path }) => isRawPort(path));
  const given = LINE_SETTINGS.filter(
    (name) => (options[name] ?? serialSettings[name].default) !== serialSettings[name].default,
  );
  const [first] = given;
  if (first !== undefined && raw.length > 0) {
    const flags = given.map(flagOf).join(', ');
    const paths = raw.map(({ path }) => path).join(', ');
    if (raw.length === ports.length) {
      throw new CliError(
        ExitCode.usage,
        `${flagOf(first)} cannot be used with ${paths}, which has no line settings; use rfc2217:// if the server speaks it`,
      );
    }
    printMessage(`${flags} will not be used for ${paths}, which has no line settings`);
  }
  const tls = { ...(tlsCa && { tlsCa }), ...(tlsCert && { tlsCert, tlsKey: options.tlsKey! }) };
  return (path) => ({
    withoutSettings: isRawPort(path) ? given : [],
    tls: isTls(path) && Object.keys(tls).length > 0 ? tls : undefined,
  });
}

/**
 * Reads the files for a connection over TLS.
 *
 * @returns options for `tls.connect`
 * @throws CliError (failure) if a file cannot be read
 */
export async function tlsOptions({ tlsCa, tlsCert, tlsKey }: TlsFiles): Promise<NetworkConnection['tls']> {
  const [ca, cert, key] = await Promise.all([tlsCa, tlsCert, tlsKey].map(readText));
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function isTls(path: string): boolean {
  return /^tls:/i.test(path);
}

async function readText(file: string | undefined): Promise<string | undefined> {
  try {
    return file === undefined ? undefined : await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(ExitCode.failure, cannotRead(file!, error), { cause: error });
  }
}
