import type { Command, Option } from 'commander';
import { PLAIN_DECODERS } from '../../decoders/index.js';
import { ExitCode } from '../../exit-codes.js';
import { profileNames } from '../../options/profiles.js';
import { SIMULATED_PATH, usbNames } from '../../ports/port-argument.js';
import type { Run } from '../command.js';
import { type definition, PORTS, type Shell } from './command.js';

/** Prints the script that completes `sercom` in a shell, or the ports to offer. */
export const run: Run<typeof definition> = async ({ shell }, output, program) => {
  if (shell === PORTS) {
    const { listPorts } = await import('serial-communicator');
    const listed = (await listPorts()).filter(({ hasNode }) => hasNode !== false);
    const paths = listed.map(({ path }) => path);
    const ports = [...paths, ...usbNames(listed).values(), SIMULATED_PATH, ...(await profileNames())];
    // The scripts read one port per line.
    const lines = ports.filter((port) => !/\p{Cc}/u.test(port)).map((port) => `${port}\n`);
    output.write(lines.join(''));
  } else {
    output.write(SCRIPTS[shell](shapesOf(program)));
  }
  return ExitCode.success;
};

/** What a script needs to know about a command. */
interface CommandShape {
  name: string;
  description: string;
  hasPorts: boolean;
  /** Other possible values of its argument. */
  choices: readonly string[];
  hasFile: boolean;
  options: OptionShape[];
}

interface OptionShape {
  long: string;
  short: string | undefined;
  description: string;
  hasValue: boolean;
  hasFile: boolean;
  choices: readonly string[];
}

function shapesOf(program: Command): CommandShape[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    hasPorts: command.registeredArguments.some((argument) => argument.name() === 'port'),
    hasFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    options: command.options.flatMap(shapeOf),
  }));
}

/** Values to offer for options that accept others as well. */
const SOME_VALUES: Readonly<Record<string, readonly string[]>> = { '--decode': PLAIN_DECODERS };

function shapeOf({ long, short, description, required, optional, flags, argChoices }: Option): OptionShape[] {
  const hasFile = /<file\b/.test(flags);
  return long == null
    ? []
    : [
        {
          long,
          short: short ?? undefined,
          description,
          hasValue: required || optional,
          hasFile,
          choices: argChoices ?? SOME_VALUES[long] ?? [],
        },
      ];
}

const SCRIPTS: Record<Shell, (commands: readonly CommandShape[]) => string> = { bash, zsh, fish };

/** The files that bash offers, quoted. */
const BASH_FILES = 'compgen -f -- "$current" | _sercom_quoted';

function bash(commands: readonly CommandShape[]): string {
  const cases = commands.map(({ name, hasPorts, hasFile, choices, options }) => {
    const values = options
      .filter(({ hasValue }) => hasValue)
      .map(({ long, short, choices, hasFile }) => {
        const reply = hasFile ? BASH_FILES : `compgen -W ${quote(choices.join(' '))} -- "$current"`;
        return `        ${[long, short].filter(Boolean).join('|')}) candidates=$(${reply}) ;;`;
      });
    const words = [...options.map(({ long }) => long), '--help', ...choices].join(' ');
    const ports = hasPorts ? `; sercom completion ${PORTS} 2>/dev/null | _sercom_quoted` : '';
    const files = hasFile ? `; ${BASH_FILES}` : '';
    return [
      `    ${name})`,
      '      case "$previous" in',
      ...values,
      `        *) candidates=$(compgen -W ${quote(words)} -- "$current"${ports}${files}) ;;`,
      '      esac',
      '      ;;',
    ].join('\n');
  });
  return `# bash completion of sercom: source <(sercom completion bash)
# Prints the lines of stdin, quoted for the command line, that begin with the current word. "compgen -W" would expand them.
_sercom_quoted() {
  local line
  while IFS= read -r line; do
    printf -v line %q "$line"
    [[ $line == "$current"* ]] && printf '%s\\n' "$line"
  done
}
_sercom() {
  local line="\${COMP_LINE:0:COMP_POINT}" previous="\${COMP_WORDS[COMP_CWORD-1]}" current candidates
  current="\${line##*[[:space:]]}"
  # White space after a backslash belongs to the word.
  local before="\${line%"$current"}" space word
  while [[ $before == *\\\\[[:space:]] ]]; do
    space="\${before: -1}" word="\${before%?}"
    current="\${word##*[[:space:]]}$space$current"
    before="\${line%"$current"}"
  done
  if ((COMP_CWORD == 1)); then
    candidates=$(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$current")
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n').replace(/^/gm, '  ')}
    esac
  fi
  # Bash replaces only the part after the last of these characters.
  local kept="\${current%"\${current##*[:=@]}"}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    [ -n "$candidate" ] && COMPREPLY+=("\${candidate#"$kept"}")
  done <<<"$candidates"
}
complete -F _sercom sercom
`;
}

function zsh(commands: readonly CommandShape[]): string {
  const cases = commands.map(({ name, hasPorts, hasFile, choices, options }) => {
    const specs = options.flatMap(({ long, short, description, hasValue, hasFile, choices }) => {
      const values = hasFile ? '_files' : choices.length > 0 ? `(${choices.join(' ')})` : ' ';
      const spec = `[${description.replace(/[[\]:\\]/g, '\\$&')}]${hasValue ? `:value:${values}` : ''}`;
      return [long, ...(short === undefined ? [] : [short])].map((flag) => quote(`*${flag}${spec}`));
    });
    const rest = hasPorts
      ? '*:port:_sercom_ports'
      : hasFile
        ? '*:file:_files'
        : choices.length > 0
          ? `*:what:(${choices.join(' ')})`
          : '*: : ';
    return `    ${name}) _arguments ${[...specs, quote(rest)].join(' \\\n      ')} ;;`;
  });
  return `#compdef sercom
# zsh completion of sercom: sercom completion zsh > "\${fpath[1]}/_sercom"
_sercom_ports() {
  local -a ports
  ports=(\${(f)"$(sercom completion ${PORTS} 2>/dev/null)"})
  compadd -a ports
}
_sercom() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`).join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _sercom ]; then
  _sercom "$@"
else
  compdef _sercom sercom
fi
`;
}

function fish(commands: readonly CommandShape[]): string {
  const lines = commands.flatMap(({ name, description, hasPorts, hasFile, choices, options }) => {
    const inCommand = `complete -c sercom -n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c sercom -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
      ...(hasPorts ? [`${inCommand} -a ${quote(`(sercom completion ${PORTS} 2>/dev/null)`)}`] : []),
      ...(hasFile ? [`${inCommand} -F`] : []),
      ...(choices.length > 0 ? [`${inCommand} -a ${quote(choices.join(' '))}`] : []),
      ...options.map((option) => {
        const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
        const value = !option.hasValue
          ? ''
          : option.hasFile
            ? ' -r -F'
            : option.choices.length > 0
              ? ` -x -a ${quote(option.choices.join(' '))}`
              : ' -x';
        return `${inCommand} -l ${option.long.slice(2)}${short}${value} -d ${quote(option.description)}`;
      }),
    ];
  });
  return `# fish completion of sercom: sercom completion fish > ~/.config/fish/completions/sercom.fish
complete -c sercom -f
${lines.join('\n')}
`;
}

/** Quotes a text for a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
