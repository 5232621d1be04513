import type { Command, Option } from 'commander';
import { PLAIN_DECODERS } from '../../decoders/index.js';
import { ExitCode } from '../../exit-codes.js';
import { profileArguments } from '../../options/profiles.js';
import { NETWORK_PREFIXES } from '../../ports/network-port.js';
import { usbNames } from '../../ports/port-argument.js';
import { BINARY_BOARDS, HEX_BOARDS, SIMULATED_PATH } from '../../ports/simulated-boards.js';
import type { Run } from '../command.js';
import { type definition, PORTS, type Shell } from './command.js';

/** What more may follow, so no space does. */
const PREFIXES = [SIMULATED_PATH, ...NETWORK_PREFIXES];

const BOARDS = [...HEX_BOARDS, ...BINARY_BOARDS];

/** Prints the script that completes `sercom` in a shell, or the ports to offer. */
export const run: Run<typeof definition> = async ({ shell }, output, program) => {
  if (shell === PORTS) {
    const { listPorts } = await import('serial-communicator');
    const listed = (await listPorts()).filter(({ hasNode }) => hasNode !== false);
    const paths = listed.map(({ path }) => path);
    const ports = [...paths, ...usbNames(listed).values(), ...PREFIXES, ...(await profileArguments())];
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
const SOME_VALUES: Readonly<Record<string, readonly string[]>> = {
  '--decode': ['', 'dir=rx:', 'dir=tx:'].flatMap((conditions) => PLAIN_DECODERS.map((name) => `${conditions}${name}`)),
};

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

function bash(commands: readonly CommandShape[]): string {
  const cases = commands.map(({ name, hasPorts, hasFile, choices, options }) => {
    const values = options
      .filter(({ hasValue }) => hasValue)
      .map(({ long, short, choices, hasFile }) => {
        const reply = hasFile ? "_sercom_files '' '*'" : `compgen -W ${quote(choices.join(' '))} -- "$current"`;
        return `        ${[long, short].filter(Boolean).join('|')}) candidates=$(${reply}) ;;`;
      });
    const words = [...options.map(({ long }) => long), '--help', ...choices].join(' ');
    const ports = hasPorts ? '; _sercom_ports' : '';
    const files = hasFile ? "; _sercom_files '' '*'" : '';
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
# Prints the lines of stdin, after what is typed before them and quoted for the command line, that continue the current word.
# "compgen -W" would expand them.
_sercom_quoted() {
  local line
  while IFS= read -r line; do
    printf -v line '%q' "$line"
    # The shell expands "~" only without a backslash.
    [[ $current == "$1~"* ]] && line="\${line#\\\\}"
    [[ $1$line == "$current"* ]] && printf '%s\\n' "$1$line"
  done
}
# Offers folders, and the files that match a pattern.
_sercom_files() {
  local file typed="\${current#"$1"}"
  compgen -f -- "\${typed//\\\\/}" | while IFS= read -r file; do
    if [[ -d \${file/#\\~\\//~/} ]]; then
      printf '%s/\\n' "$file"
    elif [[ $file == $2 ]]; then
      printf '%s\\n' "$file"
    fi
  done | _sercom_quoted "$1"
}
_sercom_ports() {
  local name='' port
  [[ $current != -* && $current == *=* ]] && name="\${current%%=*}="
  local board="\${current#"$name"}"
  shopt -s extglob
  if [[ $board == sim:@(${BOARDS.join('|')})* ]]; then
    local images='*.@(uf2|elf|bin)'
    [[ $board == sim:@(${HEX_BOARDS.join('|')})* ]] && images='*.?(i)hex'
    shopt -s nocasematch
    board="\${board#sim:}"
    _sercom_files "\${name}sim:\${board%%:*}:" "$images"
  elif [[ $board == sim:* ]]; then
    printf '%s\\n' ${BOARDS.join(' ')} | _sercom_quoted "\${name}sim:"
    shopt -s nocasematch
    _sercom_files "\${name}sim:" '*.?(i)hex'
  else
    sercom completion ${PORTS} 2>/dev/null | while IFS= read -r port; do
      # A profile has no name.
      [[ $name && $port == @* ]] || printf '%s\\n' "$port"
    done | _sercom_quoted "$name"
  fi
}
_sercom() {
  local line="\${COMP_LINE:0:COMP_POINT}" previous current candidates
  current="\${line##*[[:space:]]}"
  # White space after a backslash belongs to the word.
  local before="\${line%"$current"}" space word
  while [[ $before == *\\\\[[:space:]] ]]; do
    space="\${before: -1}" word="\${before%?}"
    current="\${word##*[[:space:]]}$space$current"
    before="\${line%"$current"}"
  done
  # In COMP_WORDS, a value that contains one of "=:@" is several words.
  previous="\${before%"\${before##*[![:space:]]}"}"
  previous="\${previous##*[[:space:]]}"
  if ((COMP_CWORD == 1)); then
    candidates=$(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$current")
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n').replace(/^/gm, '  ')}
    esac
  fi
  # Bash replaces what follows the last of these characters, and "@" as well.
  local breaks="\${COMP_WORDBREAKS//[!@:=]/}" kept='' candidate
  [[ $breaks ]] && kept="\${current%"\${current##*[$breaks]}"}"
  kept="\${kept%@}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    [ -n "$candidate" ] && COMPREPLY+=("\${candidate#"$kept"}")
  done <<<"$candidates"
  # More may follow these.
  [[ \${#COMPREPLY[@]} == 1 && $candidates == *[/:] ]] && compopt -o nospace 2>/dev/null
  return 0
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
      ? `*:port:${hasFile ? '_sercom_files_and_ports' : '_sercom_ports'}`
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
  local name
  compset -P '[^-=][^=]#=' && name=1
  if compset -P 'sim:(${BINARY_BOARDS.join('|')})'; then
    _files -g '*.(#i)(uf2|elf|bin)'
    return
  fi
  if compset -P 'sim:(${HEX_BOARDS.join('|')})'; then
    _files -g '*.(#i)(hex|ihex)'
    return
  fi
  if compset -P 'sim:'; then
    compadd -S '' -- ${BOARDS.join(' ')}
    _files -g '*.(#i)(hex|ihex)'
    return
  fi
  ports=(\${(f)"$(sercom completion ${PORTS} 2>/dev/null)"})
  # A profile has no name, and more may follow "sim:" and "tcp://".
  [[ -n $name ]] && ports=(\${ports:#@*})
  ports=(\${ports:#(${PREFIXES.join('|')})})
  compadd -a ports
  compadd -S '' -- ${PREFIXES.join(' ')}
}
_sercom_files_and_ports() {
  _alternative 'files:file:_files' 'ports:port:_sercom_ports'
}
_sercom() {
  setopt localoptions extendedglob
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
      ...(hasPorts ? [`${inCommand} -a '(__sercom_ports)'`] : []),
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
function __sercom_ports
  set -l token (commandline -ct)
  set -l name (string match -r '^[^-=][^=]*=' -- $token)
  set -l port (string sub -s (math 1 + (string length -- "$name")) -- $token)
  for board in ${BOARDS.join(' ')}
    if string match -q "sim:$board*" -- $port
      set -l file (string replace "sim:$board" '' -- $port)
      set -l images $file*.{uf2,UF2,elf,ELF,bin,BIN}
      contains $board ${HEX_BOARDS.join(' ')}; and set images $file*.{hex,HEX,ihex,IHEX}
      for each in $file*/ $images
        echo "$name"sim:$board$each
      end
      return
    end
  end
  if string match -q 'sim:*' -- $port
    for board in ${BOARDS.join(' ')}
      echo "$name"sim:$board
    end
    set -l file (string sub -s 5 -- $port)
    for each in $file*/ $file*.{hex,HEX,ihex,IHEX}
      echo "$name"sim:$each
    end
    return
  end
  for each in (sercom completion ${PORTS} 2>/dev/null)
    # A profile has no name.
    string match -q '@*' -- $each; and test -n "$name"; or echo "$name$each"
  end
end
complete -c sercom -f
${lines.join('\n')}
`;
}

/** Quotes a text for a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
