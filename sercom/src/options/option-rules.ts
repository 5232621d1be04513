import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Exclusion, OptionDefinition, Subject } from './define.js';

/**
 * An option of a command, made from its definition. {@link checkOptions} checks what it excludes and needs once profiles
 * are applied; Commander's own `conflicts` would be checked before.
 */
export class RuledOption extends Option {
  readonly #key: string;
  readonly #excludes: readonly (Subject | Exclusion)[];
  readonly needs: readonly Subject[];

  constructor(key: string, definition: OptionDefinition) {
    super(definition.flags, definition.description);
    this.#key = key;
    this.#excludes = definition.excludes ?? [];
    this.needs = definition.needs ?? [];
    const { choices, parse, group } = definition;
    if (choices !== undefined) {
      this.choices(choices);
    }
    if (parse !== undefined) {
      const checkChoice = this.parseArg;
      this.argParser((text, previous) => parse(checkChoice === undefined ? text : checkChoice(text, text), previous));
    }
    if (definition.default !== undefined) {
      this.default(definition.default, definition.defaultText);
    }
    if (group !== undefined) {
      this.helpGroup(group);
    }
  }

  /** The name of its value, which need not follow from the flag. */
  override attributeName(): string {
    return this.#key;
  }

  /** Whether it cannot be used with another option that is given. */
  excludes(other: Option, command: Command): boolean {
    return this.#excludes.some((exclusion) => {
      const { option, unless } = typeof exclusion === 'string' ? { option: exclusion, unless: [] } : exclusion;
      return option === other.attributeName() && !unless.some((each) => isGiven(each, command));
    });
  }
}

/**
 * Rejects options that exclude each other, and options on the command line that have no effect because what they need
 * is missing. The latter are allowed in a profile, which may serve several commands.
 *
 * @param profiles - the profiles that have been applied, as they were given
 * @throws CliError (usage error)
 */
export function checkOptions(command: Command, profiles: readonly string[] = []): void {
  const given = command.options.filter((option) => isOn(option, command));
  for (const option of given.filter((each) => each instanceof RuledOption)) {
    const source = command.getOptionValueSource(option.attributeName());
    const excluded = given.find((other) => option.excludes(other, command));
    if (excluded !== undefined) {
      // Options of a profile that the command line excludes were not applied, so both are from profiles.
      const where = source === 'cli' ? '' : `profile ${profiles.join(' ')}: `;
      throw usageError(`${where}${option.long} cannot be used with ${excluded.long}`);
    }
    if (source === 'cli' && option.needs.length > 0 && !option.needs.some((need) => isGiven(need, command))) {
      const needed = option.needs.map((need) => asWritten(need, command)).join(', ');
      throw usageError(`${option.long} requires ${needed.replace(/, ([^,]*)$/, ' or $1')}`);
    }
  }
}

/** Whether the command line overrides an option of a profile: it sets the same option, or one that excludes it. */
export function isOverridden(option: Option, command: Command): boolean {
  const excludes = (one: Option, other: Option) => one instanceof RuledOption && one.excludes(other, command);
  return command.options.some((other) => {
    const attribute = other.attributeName();
    const isOnCommandLine = command.getOptionValueSource(attribute) === 'cli';
    return (
      isOnCommandLine &&
      (attribute === option.attributeName() ||
        (isOn(other, command) && (excludes(option, other) || excludes(other, option))))
    );
  });
}

function isGiven(subject: Subject, command: Command): boolean {
  const [name, value] = subject.split('=') as [string, string?];
  const option = command.options.find((each) => each.attributeName() === name);
  if (option !== undefined) {
    return isOn(option, command) && (value === undefined || command.getOptionValue(name) === value);
  }
  const index = command.registeredArguments.findIndex((argument) => argument.name() === name);
  return command.processedArgs[index] !== undefined;
}

/** Whether the command line or a profile turned an option on. */
function isOn(option: Option, command: Command): boolean {
  const attribute = option.attributeName();
  const source = command.getOptionValueSource(attribute);
  if (source !== 'cli' && source !== 'config') {
    return false;
  }
  const value: unknown = command.getOptionValue(attribute);
  // The value of an option such as --dtr off is false, too.
  return option.negate ? value === false : value !== undefined && (value !== false || !option.isBoolean());
}

/** A subject as users write it on the command line. */
function asWritten(subject: Subject, command: Command): string {
  const [name, value] = subject.split('=') as [string, string?];
  const option = command.options.find((each) => each.attributeName() === name);
  if (option === undefined) {
    return name.toUpperCase();
  }
  return value === undefined ? option.long! : `${option.long} ${value}`;
}

function usageError(message: string): CliError {
  return new CliError(ExitCode.usage, message);
}
