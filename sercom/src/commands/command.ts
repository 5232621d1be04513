import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { checkOptions } from '../options/option-rules.js';
import { lineOptions } from '../options/port-options.js';
import { expandProfiles } from '../options/profiles.js';
import { chooseListedPort } from '../ports/choose-port.js';
import type { LineOptions } from '../ports/open-ports.js';
import type { Output } from '../terminal/output.js';

/** Tells what `sercom` is to exit with. */
export type Exit = (code: ExitCode) => void;

/** Gives a command of `sercom`, which has a name and a description, all else. */
export type Define = (command: Command, output: Output, exit: Exit) => void;

/** How ports are written, for help. */
const PORT_GRAMMAR =
  'PATH, usb:VID:PID[:SERIAL], sim: (a simulated Arduino Uno that echoes) or NAME= and one of these, each with ' +
  'optional @BAUD; or @PROFILE; none: the only USB port there is';

/** Gives a command the port, or the ports, that it opens, and the options of their lines. */
export function takesPorts(command: Command, ports: '[port]' | '[port...]'): void {
  command.argument(ports, PORT_GRAMMAR);
  for (const option of lineOptions()) {
    command.addOption(option);
  }
}

/**
 * Runs a command on the ports that were named, by themselves or by profiles, or else on the one that is chosen.
 *
 * @param run - is given the ports and the options
 * @throws CliError
 */
export async function runOnPorts<Options extends LineOptions>(
  command: Command,
  given: readonly string[],
  run: (ports: string[], options: Options) => Promise<ExitCode>,
): Promise<ExitCode> {
  const ports = await expandProfiles(given, command);
  checkOptions(command);
  if (ports.length === 0) {
    const chosen = await chooseListedPort();
    if (chosen === undefined) {
      return ExitCode.interrupted;
    }
    ports.push(chosen);
  }
  return run(ports, command.opts<Options>());
}

/** The one port of a command that takes no more. */
export function onlyPort([port, ...more]: readonly string[], what: string): string {
  if (port === undefined || more.length > 0) {
    throw new CliError(ExitCode.usage, `${what} takes one port; name the one you mean`);
  }
  return port;
}
