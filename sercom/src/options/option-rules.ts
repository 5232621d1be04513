import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

/** What rules are about: an option by its attribute (`logSize`), one with a value (`input=json`), or an argument. */
type Subject = string;

interface Exclusion {
  subjects: readonly Subject[];
  why: string | undefined;
  unless: Subject | undefined;
}

/**
 * An option that says what it cannot go with, and without what it has no effect. {@link checkOptions} checks that once
 * profiles are in place, which Commander's own `conflicts` would come before.
 */
export class RuledOption extends Option {
  readonly #exclusions: Exclusion[] = [];
  readonly #needs: { subjects: readonly Subject[]; why: string }[] = [];

  /**
   * @param why - goes on from the option in a message, as in "needs reconnecting"
   * @param unless - with that they go together
   */
  excludes(subjects: readonly Subject[], { why, unless }: { why?: string; unless?: Subject } = {}): this {
    this.#exclusions.push({ subjects, why, unless });
    return this;
  }

  /**
   * @param subjects - one of them is enough
   * @param why - goes on from the option in a message, as in "takes JSON"
   */
  needs(subjects: readonly Subject[], why: string): this {
    this.#needs.push({ subjects, why });
    return this;
  }

  /** What keeps it from going with another option, if anything does. */
  exclusionOf(other: Option, command: Command): Exclusion | undefined {
    return this.#exclusions.find(
      ({ subjects, unless }) =>
        subjects.includes(other.attributeName()) && (unless === undefined || !isGiven(unless, command)),
    );
  }

  /** What it has no effect without, if that is not there. */
  unmetNeed(command: Command): { subjects: readonly Subject[]; why: string } | undefined {
    return this.#needs.find(({ subjects }) => !subjects.some((subject) => isGiven(subject, command)));
  }
}

/**
 * Refuses options that cannot go together, and those on the command line that have no effect. In a profile these may
 * stand: it is for several uses.
 *
 * @throws CliError (wrong use)
 */
export function checkOptions(command: Command): void {
  const given = command.options.filter((option) => isOn(option, command));
  for (const option of given.filter((each) => each instanceof RuledOption)) {
    const source = command.getOptionValueSource(option.attributeName());
    for (const other of given) {
      const exclusion = option.exclusionOf(other, command);
      if (exclusion !== undefined) {
        // What the command line excludes has been left out of profiles.
        const where = source === 'cli' ? '' : 'profile: ';
        const why = exclusion.why === undefined ? '' : ` ${exclusion.why}: it`;
        throw wrongUse(`${where}${option.long}${why} cannot be used with ${other.long}; leave out one of them`);
      }
    }
    const need = source === 'cli' ? option.unmetNeed(command) : undefined;
    if (need !== undefined) {
      const what = need.subjects.map((subject) => written(subject, command));
      throw wrongUse(`${option.long} ${need.why}: it needs ${what.join(', ').replace(/, ([^,]*)$/, ' or $1')}`);
    }
  }
}

/** Whether an option of a profile has to give way to what the command line says. */
export function givesWay(option: Option, command: Command): boolean {
  const excludes = (one: Option, other: Option) =>
    one instanceof RuledOption && one.exclusionOf(other, command) !== undefined;
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
  return command.args[index] !== undefined;
}

/** Whether the command line or a profile has turned an option on. */
function isOn(option: Option, command: Command): boolean {
  const attribute = option.attributeName();
  const source = command.getOptionValueSource(attribute);
  if (source !== 'cli' && source !== 'config') {
    return false;
  }
  const value: unknown = command.getOptionValue(attribute);
  return option.negate ? value === false : value !== undefined && value !== false;
}

/** How a subject is written on the command line. */
function written(subject: Subject, command: Command): string {
  const [name, value] = subject.split('=') as [string, string?];
  const option = command.options.find((each) => each.attributeName() === name);
  if (option === undefined) {
    return name.toUpperCase();
  }
  return value === undefined ? option.long! : `${option.long} ${value}`;
}

function wrongUse(message: string): CliError {
  return new CliError(ExitCode.usage, message);
}
