import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { similar } from '../text/suggest.js';
import { isOverridden } from './option-rules.js';

/** A port argument that begins with this names a profile: `@bench`. */
const PREFIX = '@';

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

/** All profiles, as port arguments; none if the file cannot be read. */
export async function profileNames(): Promise<string[]> {
  return readProfiles().then(
    (profiles) => Object.keys(profiles).map((name) => `${PREFIX}${name}`),
    () => [],
  );
}

/** Whether a port argument names a profile. */
export function namesProfile(argument: string): boolean {
  return argument.startsWith(PREFIX);
}

/**
 * Replaces the profiles among port arguments by their ports, and applies their options unless the command line overrides
 * them.
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

/** Applies the options of a profile and returns its ports. */
async function applyProfile(name: string, command: Command): Promise<string[]> {
  const profiles = await readProfiles();
  if (!Object.hasOwn(profiles, name)) {
    const closest = similar(name, Object.keys(profiles));
    const help = closest === undefined ? available(profiles) : `Did you mean ${PREFIX}${closest}?`;
    throw new CliError(ExitCode.usage, `unknown profile "${name}" in ${configFile()}; ${help}`);
  }
  const { ports = [], ...options } = profiles[name]!;
  const where = `${configFile()}: profile "${name}"`;
  if (!Array.isArray(ports) || ports.some((port) => typeof port !== 'string' || port.startsWith(PREFIX))) {
    throw new CliError(
      ExitCode.usage,
      `${where}: "ports" is not an array of ports; expected for example ["arm=/dev/ttyACM0@9600"]`,
    );
  }
  for (const [long, value] of Object.entries(options)) {
    applyOption(where, command, long, value);
  }
  return ports as string[];
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
        throw new CliError(ExitCode.usage, `${where}: invalid value "${each}". ${error.message}`, { cause: error });
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
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `${file} does not exist; create it with {"profiles": {"NAME": {"ports": ["/dev/ttyACM0"]}}}`
        : `${file}: ${(error as Error).message}`;
    throw new CliError(ExitCode.usage, `profiles: ${reason}`, { cause: error });
  }
  if (!isObject(profiles) || !Object.values(profiles).every(isObject)) {
    throw new CliError(ExitCode.usage, `${file}: expected {"profiles": {"NAME": {"ports": [...], OPTION: VALUE}}}`);
  }
  return profiles as Record<string, Profile>;
}

function available(profiles: Record<string, Profile>): string {
  const names = Object.keys(profiles).map((name) => `${PREFIX}${name}`);
  return names.length === 0 ? 'it defines no profiles' : `available: ${names.join(', ')}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
