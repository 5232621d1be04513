import { Argument, type Command } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { ArgumentDefinition, OptionsOf, OptionTable } from '../options/define.js';
import { checkOptions, RuledOption } from '../options/option-rules.js';
import { expandProfiles } from '../options/profiles.js';
import { chooseListedPort } from '../ports/choose-port.js';
import type { Output } from '../terminal/output.js';

/** What `commands/NAME/command.ts` exports as `definition`; `program.ts` has the name and the description. */
export interface CommandDefinition<Table extends OptionTable = OptionTable> {
  readonly options: Table;
  /** What follows the options in help: notes and examples. */
  readonly help: string;
}

/** What `commands/NAME/run.ts` exports as `run`. It gets the values of all options and arguments. */
export type Run<Definition extends CommandDefinition> = (
  options: OptionsOf<Definition['options']>,
  output: Output,
  program: Command,
) => Promise<ExitCode>;

const PORT_GRAMMAR =
  '[NAME=]PATH, [NAME=]usb:VID:PID[:SERIAL] or [NAME=]sim: (a simulated echoing Arduino Uno), each with optional ' +
  '@BAUD; or @PROFILE';

/** The port that a command opens; if none is named, the only USB port or the one that the user chooses. */
export function portArgument(): ArgumentDefinition<string> {
  return { kind: 'argument', flags: '[port]', description: DESCRIPTION, ports: 'required' };
}

/** One port or more. */
export function portArguments(): ArgumentDefinition<string[]> {
  return { kind: 'argument', flags: '[port...]', description: DESCRIPTION, ports: 'required' };
}

/** A port that a command can do without. */
export function optionalPortArgument(description: string): ArgumentDefinition<string | undefined> {
  return { kind: 'argument', flags: '[port]', description, ports: 'optional' };
}

const DESCRIPTION = `${PORT_GRAMMAR} (default: the only USB port)`;

/** Checks the types of a definition, and keeps them. */
export function defineCommand<const Table extends OptionTable>(
  definition: CommandDefinition<Table>,
): CommandDefinition<Table> {
  return definition;
}

/** Gives a command its arguments, options and help. */
export function addDefinition(command: Command, { options, help }: CommandDefinition): void {
  for (const [key, definition] of Object.entries(options)) {
    if (definition.kind === 'option') {
      command.addOption(new RuledOption(key, definition));
      continue;
    }
    const argument = new Argument(definition.flags, definition.description);
    if (definition.choices !== undefined) {
      argument.choices(definition.choices);
    }
    command.addArgument(argument);
  }
  command.addHelpText('after', `\n${help}`);
}

/**
 * The values that a parsed command line gives to a command: profiles are applied, rules checked, and a missing port is
 * chosen.
 *
 * @returns `undefined` if the user did not choose a port
 * @throws CliError
 */
export async function parsedOptions<Table extends OptionTable>(
  command: Command,
  { options: table }: CommandDefinition<Table>,
): Promise<OptionsOf<Table> | undefined> {
  const values: Record<string, unknown> = {};
  const definitions = Object.entries(table).filter(([, { kind }]) => kind === 'argument') as [
    string,
    ArgumentDefinition<unknown>,
  ][];
  for (const [index, [key, { ports }]] of definitions.entries()) {
    const value: unknown = command.processedArgs[index];
    values[key] = ports === undefined ? value : await expandProfiles([value ?? []].flat() as string[], command);
  }
  checkOptions(command);
  for (const [key, { flags, ports }] of definitions.filter(([, { ports }]) => ports !== undefined)) {
    const named = values[key] as string[];
    if (named.length === 0 && ports === 'required') {
      const chosen = await chooseListedPort();
      if (chosen === undefined) {
        return undefined;
      }
      named.push(chosen);
    }
    if (!flags.includes('...')) {
      if (named.length > 1) {
        throw new CliError(ExitCode.usage, `${command.name()} needs exactly one port, got ${named.length}`);
      }
      values[key] = named[0];
    }
  }
  return { ...command.opts(), ...values } as OptionsOf<Table>;
}
