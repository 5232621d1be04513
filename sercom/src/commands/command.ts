import { Argument, type Command } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { ArgumentDefinition, OptionsOf, OptionTable, TypedArgument } from '../options/define.js';
import { checkOptions, RuledOption } from '../options/option-rules.js';
import { chooseOneHelp, expandProfiles, namesProfile } from '../options/profiles.js';
import { chooseListedPort } from '../ports/choose-port.js';
import { isPort } from '../ports/port-or-file.js';
import type { Output } from '../terminal/output.js';

/** What a command accepts: the `definition` that `commands/NAME/command.ts` exports. */
export interface CommandDefinition<Table extends OptionTable = OptionTable> {
  readonly options: Table;
  /** Notes and examples, shown below the options. */
  readonly help: string;
  /** What to do about an argument too many, given the values of the options. Default: only a reference to help. */
  readonly tooManyHelp?: (options: Readonly<Record<string, unknown>>) => string;
}

/** What a command does: the `run` that `commands/NAME/run.ts` exports. It gets the values of all options and arguments. */
export type Run<Definition extends CommandDefinition> = (
  options: OptionsOf<Definition['options']>,
  output: Output,
  program: Command,
) => Promise<ExitCode>;

/** Returns the definition of a command; its type is inferred from the table. */
export function defineCommand<const Table extends OptionTable>(
  definition: CommandDefinition<Table>,
): CommandDefinition<Table> {
  return definition;
}

const PORT_GRAMMAR =
  '[NAME=]PATH, [NAME=]tcp://HOST:PORT, [NAME=]tls://HOST:PORT, [NAME=]rfc2217://HOST:PORT, [NAME=]unix:///PATH, ' +
  '[NAME=]usb:VID:PID[:SERIAL][#INTERFACE], [NAME=]usb:LOCATION[#INTERFACE], ' +
  '[NAME=]sim:[FILE.hex] (a simulated Arduino Uno that runs FILE.hex, or echoes), ' +
  '[NAME=]sim:mega:FILE.hex, [NAME=]sim:leonardo:FILE.hex or ' +
  '[NAME=]sim:rp2040:FILE (a simulated RP2040 that runs FILE.uf2, FILE.elf or FILE.bin), each with optional @BAUD; ' +
  'or @PROFILE[:NAME] (default: the only USB port)';

/** The one port that a command opens. If none is given, it is the only USB port, or the user chooses. */
export function portArgument(): TypedArgument<string> {
  return { kind: 'argument', flags: '[port]', description: PORT_GRAMMAR, ports: 'required' };
}

/** The ports that a command opens, at least one. If none is given, as for {@link portArgument}. */
export function portArguments(): TypedArgument<string[]> {
  return { kind: 'argument', flags: '[port...]', description: PORT_GRAMMAR, ports: 'required' };
}

/** A port that a command can do without. */
export function optionalPortArgument(description: string): TypedArgument<string | undefined> {
  return { kind: 'argument', flags: '[port]', description, ports: 'optional' };
}

/** Adds the arguments, options and help of a definition to a command. */
export function addDefinition(command: Command, { options, help }: CommandDefinition): void {
  // Reported by {@link parsedOptions}, which says more about them.
  command.allowExcessArguments();
  for (const [key, definition] of Object.entries(options)) {
    if (definition.kind === 'option') {
      command.addOption(new RuledOption(key, definition));
      continue;
    }
    const argument = new Argument(definition.flags, definition.description);
    if (definition.choices !== undefined) {
      argument.choices(definition.choices);
    }
    if (command.registeredArguments.at(-1)?.variadic) {
      // Commander has no argument after several values, so {@link separatePort} finds it.
      (command.registeredArguments as Argument[]).push(argument);
    } else {
      command.addArgument(argument);
    }
  }
  command.addHelpText('after', `\n${help}`);
}

/**
 * The values for the code of a command whose command line has been parsed: profiles are applied, rules are checked, and
 * a missing port is chosen.
 *
 * @returns `undefined` if the user was asked for a port and gave none
 * @throws CliError
 */
export async function parsedOptions<Table extends OptionTable>(
  command: Command,
  { options: table, tooManyHelp }: CommandDefinition<Table>,
): Promise<OptionsOf<Table> | undefined> {
  checkArguments(command, tooManyHelp);
  const definitions = Object.entries(table).filter((entry): entry is [string, ArgumentDefinition] => {
    return entry[1].kind === 'argument';
  });
  await separatePort(command);
  const values = Object.fromEntries(definitions.map(([key], index) => [key, command.processedArgs[index]]));
  const [portKey, portDefinition] = definitions.find(([, { ports }]) => ports !== undefined) ?? [];
  const given: string[] = portKey === undefined ? [] : [values[portKey] ?? []].flat();
  const ports = await expandProfiles(given, command);
  const profiles = given.filter(namesProfile);
  checkOptions(command, profiles);
  if (profiles.length > 0 && ports.length > 0) {
    const { dropUnfitting } = await import('../ports/network-settings.js');
    dropUnfitting(command, ports);
  }
  if (portKey !== undefined) {
    if (ports.length === 0 && portDefinition!.ports === 'required') {
      const chosen = await chooseListedPort();
      if (chosen === undefined) {
        return undefined;
      }
      ports.push(chosen);
    }
    const isSingle = !portDefinition!.flags.endsWith('...]');
    // A profile may have no port, or several.
    if (isSingle && (ports.length > 1 || ports.length < given.length)) {
      const help = (await chooseOneHelp(given)) ?? 'name one';
      throw new CliError(
        ExitCode.usage,
        `${command.name()} needs exactly one port, but ${given.join(' ')} has ${ports.length === 0 ? 'none' : ports.length}; ${help}`,
      );
    }
    values[portKey] = isSingle ? ports[0] : ports;
  }
  return { ...command.opts(), ...values } as OptionsOf<Table>;
}

/** @throws CliError (usage error) if there are arguments that the command does not take */
function checkArguments(command: Command, help: CommandDefinition['tooManyHelp']): void {
  const { args, registeredArguments } = command;
  const excess = registeredArguments.some(({ variadic }) => variadic) ? [] : args.slice(registeredArguments.length);
  if (excess.length > 0) {
    const list = excess.map((argument) => `"${argument}"`).join(', ');
    const advice = [help?.(command.opts()), `see "sercom ${command.name()} --help"`].filter(Boolean).join('; ');
    throw new CliError(ExitCode.usage, `too many arguments: ${list}; ${advice}`);
  }
}

/** Where a port may follow several files: takes it from their end. */
async function separatePort({ registeredArguments, processedArgs }: Command): Promise<void> {
  const index = registeredArguments.findIndex(({ variadic }) => variadic);
  if (index < 0 || index === registeredArguments.length - 1) {
    return;
  }
  const files: string[] = processedArgs[index];
  const hasPort = files.length > 1 && (await isPort(files.at(-1)!));
  processedArgs[index] = hasPort ? files.slice(0, -1) : files;
  processedArgs[index + 1] = hasPort ? files.at(-1) : undefined;
}
