import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cannotRead } from '../text/file-problem.js';
import { similar } from '../text/suggest.js';
import { isOverridden } from './option-rules.js';
import { invalidValue } from './values.js';

/** A port argument that begins with this names a profile: `@bench`. */
const PREFIX = '@';

/** What runs a program is never read from a file. */
const ONLY_ON_COMMAND_LINE = ['release-for'];

/** A file that defines a profile, for messages. */
const EXAMPLE = '{"profiles": {"NAME": {"ports": ["/dev/ttyACM0"]}}}';

/** The content of a profile: `ports`, and options by their long flags without the dashes. */
type Profile = Record<string, unknown>;

/** The path of the file that defines profiles. */
function configFile(): string {
  const { XDG_CONFIG_HOME } = process.env;
  // The XDG specification says to ignore a relative path.
  const folder =
    XDG_CONFIG_HOME !== undefined && path.isAbsolute(XDG_CONFIG_HOME)
      ? XDG_CONFIG_HOME
      : path.join(homedir(), '.config');
  return path.join(folder, 'sercom', 'config.json');
}

/** All profiles, and each port of those that have several, as port arguments; none if the file cannot be read. */
export async function profileArguments(): Promise<string[]> {
  return readProfiles().then(
    (profiles) =>
      Object.entries(profiles).flatMap(([name, profile]) => [`${PREFIX}${name}`, ...choices(name, profile)]),
    () => [],
  );
}

/** Whether a port argument names a profile, or a port of one. */
export function namesProfile(argument: string): boolean {
  return argument.startsWith(PREFIX);
}

/**
 * Replaces the profiles among port arguments by their ports, and applies their options unless the command line overrides
 * them. `@NAME:PORT` stands for one port of a profile.
 *
 * @throws CliError (usage error)
 */
export async function expandProfiles(portArguments: readonly string[], command: Command): Promise<string[]> {
  const expanded: string[] = [];
  for (const argument of portArguments) {
    if (namesProfile(argument)) {
      expanded.push(...(await applyProfile(argument.slice(PREFIX.length), command)));
    } else {
      expanded.push(argument);
    }
  }
  return expanded;
}

/** Applies the options of a profile and returns its ports, or the one that `NAME:PORT` chooses. */
async function applyProfile(chosen: string, command: Command): Promise<string[]> {
  const profiles = await readProfiles();
  // The name of a profile may contain a colon, and so may that of a port.
  const name = Object.keys(profiles)
    .filter((each) => chosen === each || chosen.startsWith(`${each}:`))
    .sort((a, b) => b.length - a.length)[0];
  if (name === undefined) {
    throw unknown(`unknown profile "${chosen}" in ${configFile()}`, chosen, Object.keys(profiles));
  }
  const { ports: _, ...options } = profiles[name]!;
  const where = `${configFile()}: profile "${name}"`;
  const ports = portsOf(profiles[name]!);
  if (ports === undefined) {
    throw new CliError(
      ExitCode.usage,
      `${where}: "ports" is not an array of ports; expected for example ["arm=/dev/ttyACM0@9600"]`,
    );
  }
  const portName = chosen === name ? undefined : chosen.slice(name.length + 1);
  const wanted = ports.filter((port) => portName === undefined || nameOf(port) === portName);
  if (portName !== undefined && wanted.length === 0) {
    throw unknown(
      `${where}: unknown port "${portName}"`,
      chosen,
      ports.map((port) => `${name}:${nameOf(port)}`),
    );
  }
  for (const [long, value] of Object.entries(options)) {
    applyOption(where, command, long, value);
  }
  return wanted;
}

/** The ports of a profile; `undefined` if they are not written as an array of port arguments. */
function portsOf({ ports = [] }: Profile): string[] | undefined {
  const isPort = (port: unknown) => typeof port === 'string' && !namesProfile(port);
  return Array.isArray(ports) && ports.every(isPort) ? ports : undefined;
}

/** The port arguments that choose one port of a profile; none if it has only one. */
function choices(name: string, profile: Profile): string[] {
  const ports = portsOf(profile) ?? [];
  return ports.length > 1 ? ports.map((port) => `${PREFIX}${name}:${nameOf(port)}`) : [];
}

/** The name that the packets of a port are shown under: what is before `=`, otherwise its path, without the baud rate. */
function nameOf(port: string): string {
  return /^([^=]*)=/.exec(port)?.[1] ?? port.replace(/@\d+$/, '');
}

/**
 * Says how to choose one port of the profiles among port arguments.
 *
 * @returns `undefined` if none of them has several ports
 */
export async function chooseOneHelp(portArguments: readonly string[]): Promise<string | undefined> {
  const profiles = await readProfiles();
  const all = portArguments.flatMap((argument) => {
    const name = argument.slice(PREFIX.length);
    return namesProfile(argument) && Object.hasOwn(profiles, name) ? choices(name, profiles[name]!) : [];
  });
  return all.length === 0 ? undefined : `choose one: ${all.join(', ')}`;
}

function unknown(problem: string, given: string, candidates: readonly string[]): CliError {
  const closest = similar(given, candidates);
  const all = candidates.map((name) => `${PREFIX}${name}`).join(', ');
  const help =
    closest !== undefined ? `Did you mean ${PREFIX}${closest}?` : all === '' ? 'it defines none' : `available: ${all}`;
  return new CliError(ExitCode.usage, `${problem}; ${help}`);
}

function applyOption(where: string, command: Command, long: string, value: unknown): void {
  const optionsOf = ({ options }: Command) => options.filter((option) => option.long !== undefined);
  const option = optionsOf(command).find((each) => each.long === `--${long}`);
  if (option === undefined) {
    const known = [...new Set((command.parent?.commands ?? []).flatMap(optionsOf).map((each) => each.long!.slice(2)))];
    if (known.includes(long)) {
      // Another command has it: a profile may serve several.
      return;
    }
    const closest = similar(long, known);
    const help = closest === undefined ? 'see "sercom monitor --help"' : `Did you mean "${closest}"?`;
    throw new CliError(ExitCode.usage, `${where}: unknown option "${long}"; ${help}`);
  }
  if (ONLY_ON_COMMAND_LINE.includes(long)) {
    throw new CliError(
      ExitCode.usage,
      `${where}: "${long}" cannot be in a profile; give --${long} on the command line`,
    );
  }
  if (!isOverridden(option, command)) {
    const setting = parsedValue(`${where}: "${long}"`, option, value);
    command.setOptionValueWithSource(option.attributeName(), setting, 'config');
  }
}

function parsedValue(where: string, option: Option, value: unknown): unknown {
  if (option.isBoolean() || option.negate) {
    if (typeof value !== 'boolean') {
      throw new CliError(ExitCode.usage, `${where}: expected true or false`);
    }
    return option.negate ? !value : value;
  }
  let result: unknown;
  for (const each of Array.isArray(value) ? value : [value]) {
    if (typeof each !== 'string' && typeof each !== 'number') {
      throw new CliError(ExitCode.usage, `${where}: expected a string or a number`);
    }
    try {
      result = option.parseArg === undefined ? String(each) : option.parseArg(String(each), result);
    } catch (error) {
      if (error instanceof InvalidArgumentError) {
        throw new CliError(ExitCode.usage, `${where}: ${invalidValue(String(each), error.message)}`, { cause: error });
      }
      throw error;
    }
  }
  return result;
}

async function readProfiles(): Promise<Record<string, Profile>> {
  const file = configFile();
  let profiles: unknown;
  try {
    // Editors on Windows begin a file with a byte-order mark.
    const config: unknown = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''));
    profiles = isObject(config) && 'profiles' in config ? config.profiles : undefined;
  } catch (error) {
    const problem =
      error instanceof SyntaxError
        ? `${file}: invalid JSON: ${error.message}; correct the file`
        : cannotRead(file, error, `create it with ${EXAMPLE}`);
    throw new CliError(ExitCode.usage, `profiles: ${problem}`, { cause: error });
  }
  if (!isObject(profiles) || !Object.values(profiles).every(isObject)) {
    throw new CliError(ExitCode.usage, `${file}: expected {"profiles": {"NAME": {"ports": [...], OPTION: VALUE}}}`);
  }
  return profiles as Record<string, Profile>;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
