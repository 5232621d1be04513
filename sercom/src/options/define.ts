/**
 * What a command accepts: one entry for each option and argument. The key is the name under which the command's code
 * gets the value, whatever the flag is called. Arguments are expected in the order of the table.
 */
export type OptionTable = Readonly<Record<string, OptionDefinition | ArgumentDefinition>>;

/** The values that a table yields. A key is optional if there may be no value. */
export type OptionsOf<Table extends OptionTable> = Simplify<
  { [Key in keyof Table as undefined extends ValueOf<Table[Key]> ? never : Key]: ValueOf<Table[Key]> } & {
    [Key in keyof Table as undefined extends ValueOf<Table[Key]> ? Key : never]?: Exclude<
      ValueOf<Table[Key]>,
      undefined
    >;
  }
>;

type ValueOf<Definition> = Definition extends Typed<infer Value> ? Value : never;
type Simplify<Type> = { [Key in keyof Type]: Type[Key] } & {};

/** Carries the type of the value. The property does not exist at run time. */
interface Typed<Value> {
  readonly value?: Value;
}

/** An option. Made by {@link option}. */
export interface OptionDefinition extends OptionDetails<string, unknown, unknown> {
  readonly kind: 'option';
  readonly flags: string;
  readonly description: string;
  /** The heading that help shows it under. */
  readonly group?: string;
}

/** A positional argument. Made by {@link argument}, and by `portArgument` and its like. */
export interface ArgumentDefinition {
  readonly kind: 'argument';
  /** `<name>` if it is required, `[name]` if not, `[name...]` for any number, `<name...>` for at least one. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  /**
   * Set if it names ports, so that profiles are expanded. With `required`, a port is chosen if none is given. After an
   * argument with several files, the last of these is the port if it is no file.
   */
  readonly ports?: 'required' | 'optional';
}

/** An option whose value has a known type. */
export type TypedOption<Value> = OptionDefinition & Typed<Value>;

/** An argument whose value has a known type. */
export type TypedArgument<Value> = ArgumentDefinition & Typed<Value>;

/** What a rule refers to: the key of an option (`logBytes`), one with a value (`input=json`), or an argument (`port`). */
export type Subject = string;

/** An option that cannot be used together with another, unless a third of some is given. */
export interface Exclusion {
  option: Subject;
  unless: readonly Subject[];
}

interface OptionDetails<Choice, Value, Default> {
  /** The only texts that are accepted. */
  readonly choices?: readonly Choice[];
  /**
   * Turns the text into the value. For a repeated option, `previous` is the value so far. Default: the text.
   *
   * @throws InvalidArgumentError
   */
  readonly parse?: (text: string, previous?: Value) => Value;
  /** The value without the option. Default: none, and `true` for `--no-…`. */
  readonly default?: Default;
  /** How help shows the default. */
  readonly defaultText?: string;
  /** Options that it cannot be used with. */
  readonly excludes?: readonly (Subject | Exclusion)[];
  /** Options and arguments of which it requires at least one. */
  readonly needs?: readonly Subject[];
}

type OptionValue<Flags extends string, Value, Default> = Flags extends `${string}--no-${string}`
  ? boolean
  : Flags extends `${string}<${string}`
    ? Value | ([Default] extends [undefined] ? undefined : never)
    : Flags extends `${string}[${string}`
      ? Value | true | undefined
      : boolean | undefined;

/**
 * Defines an option.
 *
 * @param flags - as Commander writes them: `-n, --count <packets>`, `--loop [times]`, `--json` or `--no-sync`
 */
export function option<
  const Flags extends string,
  const Choice extends string,
  Value = Choice,
  Default extends Value | undefined = undefined,
>(
  flags: Flags,
  description: string,
  details: OptionDetails<Choice, Value, Default> = {},
): TypedOption<OptionValue<Flags, Value, Default>> {
  return { kind: 'option', flags, description, ...(details as OptionDetails<string, unknown, unknown>) };
}

/** Defines an argument. */
export function argument<const Flags extends string, const Choice extends string>(
  flags: Flags,
  description: string,
  choices?: readonly Choice[],
): TypedArgument<Flags extends `<${string}...>` ? string[] : Flags extends `<${string}` ? Choice : Choice | undefined> {
  return { kind: 'argument', flags, description, ...(choices !== undefined && { choices }) };
}

/** The same options under a heading in help. */
export function grouped<Table extends OptionTable>(group: string, table: Table): Table {
  return mapOptions(table, (definition) => ({ ...definition, group }));
}

/** The same options, each of which requires at least one of `needs`. */
export function needing<Table extends OptionTable>(needs: readonly Subject[], table: Table): Table {
  return mapOptions(table, (definition) => ({ ...definition, needs }));
}

function mapOptions<Table extends OptionTable>(
  table: Table,
  change: (definition: OptionDefinition) => OptionDefinition,
): Table {
  return Object.fromEntries(
    Object.entries(table).map(([key, definition]) => [
      key,
      definition.kind === 'option' ? change(definition) : definition,
    ]),
  ) as unknown as Table;
}
