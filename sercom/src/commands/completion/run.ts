import type { Command, Option } from 'commander';
import { PLAIN_DECODERS } from '../../decoders/index.js';
import { ExitCode } from '../../exit-codes.js';
import { profileNames } from '../../options/profiles.js';
import { SIMULATED_PATH } from '../../ports/port-argument.js';
import type { Run } from '../command.js';
import { type definition, PORTS, type Shell } from './command.js';

/** Prints the script that completes `sercom` in a shell, or the ports to offer. */
export const run: Run<typeof definition> = async ({ shell }, output, program) => {
  if (shell === PORTS) {
    const { listPorts } = await import('serial-communicator');
    const paths = (await listPorts()).map(({ path }) => path);
    output.write([...paths, SIMULATED_PATH, ...(await profileNames())].map((port) => `${port}\n`).join(''));
  } else {
    output.write(SCRIPTS[shell](shapesOf(program)));
  }
  return ExitCode.success;
};

/** What a script must know of a command. */
interface CommandShape {
  name: string;
  description: string;
  takesPorts: boolean;
  /** What else its argument can be. */
  choices: readonly string[];
  takesFile: boolean;
  options: OptionShape[];
}

interface OptionShape {
  long: string;
  short: string | undefined;
  description: string;
  takesValue: boolean;
  takesFile: boolean;
  choices: readonly string[];
}

function shapesOf(program: Command): CommandShape[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    takesPorts: command.registeredArguments.some((argument) => argument.name() === 'port'),
    takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    options: command.options.flatMap(shapeOf),
  }));
}

/** Values of options that take others, too. */
const SOME_VALUES: Readonly<Record<string, readonly string[]>> = { '--decode': PLAIN_DECODERS };

function shapeOf({ long, short, description, required, optional, flags, argChoices }: Option): OptionShape[] {
  const takesFile = /<file\b/.test(flags);
  return long == null
    ? []
    : [
        {
          long,
          short: short ?? undefined,
          description,
          takesValue: required || optional,
          takesFile,
          choices: argChoices ?? SOME_VALUES[long] ?? [],
        },
      ];
}

const SCRIPTS: Record<Shell, (commands: readonly CommandShape[]) => string> = { bash, zsh, fish };

function bash(commands: readonly CommandShape[]): string {
  const cases = commands.map(({ name, takesPorts, takesFile, choices, options }) => {
    const values = options
      .filter(({ takesValue }) => takesValue)
      .map(({ long, short, choices, takesFile }) => {
        const reply = takesFile ? 'compgen -f -- "$current"' : `compgen -W ${quote(choices.join(' '))} -- "$current"`;
        return `        ${[long, short].filter(Boolean).join('|')}) candidates=$(${reply}) ;;`;
      });
    const words = [...options.map(({ long }) => long), '--help', ...choices].join(' ');
    const ports = takesPorts ? ` $(sercom completion ${PORTS} 2>/dev/null)` : '';
    const files = takesFile ? '; compgen -f -- "$current"' : '';
    return [
      `    ${name})`,
      '      case "$previous" in',
      ...values,
      `        *) candidates=$(compgen -W "${words}${ports}" -- "$current"${files}) ;;`,
      '      esac',
      '      ;;',
    ].join('\n');
  });
  return `# bash completion of sercom: source <(sercom completion bash)
_sercom() {
  local line="\${COMP_LINE:0:COMP_POINT}" previous="\${COMP_WORDS[COMP_CWORD-1]}" current candidates
  current="\${line##*[[:space:]]}"
  if ((COMP_CWORD == 1)); then
    candidates=$(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$current")
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n').replace(/^/gm, '  ')}
    esac
  fi
  # Bash replaces only what stands behind the last of these.
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
  const cases = commands.map(({ name, takesPorts, takesFile, choices, options }) => {
    const specs = options.flatMap(({ long, short, description, takesValue, takesFile, choices }) => {
      const values = takesFile ? '_files' : choices.length > 0 ? `(${choices.join(' ')})` : ' ';
      const spec = `[${description.replace(/[[\]:\\]/g, '\\$&')}]${takesValue ? `:value:${values}` : ''}`;
      return [long, ...(short === undefined ? [] : [short])].map((flag) => quote(`*${flag}${spec}`));
    });
    const rest = takesPorts
      ? '*:port:_sercom_ports'
      : takesFile
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
  const lines = commands.flatMap(({ name, description, takesPorts, takesFile, choices, options }) => {
    const inCommand = `complete -c sercom -n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c sercom -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
      ...(takesPorts ? [`${inCommand} -a ${quote(`(sercom completion ${PORTS} 2>/dev/null)`)}`] : []),
      ...(takesFile ? [`${inCommand} -F`] : []),
      ...(choices.length > 0 ? [`${inCommand} -a ${quote(choices.join(' '))}`] : []),
      ...options.map((option) => {
        const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
        const value = !option.takesValue
          ? ''
          : option.takesFile
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

/** In single quotes of a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
