// Writes man/sercom.1 from the same definitions as --help: node scripts/make-man.mjs [FILE]
// Run the build first. If FILE is "-", prints the page instead.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createProgram } from '../dist/program.js';
import { Output } from '../dist/terminal/output.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const program = await createProgram(new Output(process.stdout), () => {});
const help = program.createHelp();

const page = [
  `.TH SERCOM 1 "" "sercom ${version}" "User Commands"`,
  '.SH NAME',
  'sercom \\- packet monitor for serial ports',
  '.SH SYNOPSIS',
  ...program.commands.flatMap((command) => [`.B sercom ${roff(command.name())}`, roff(command.usage()), '.br']),
  '.SH DESCRIPTION',
  roff(program.description()),
  'A packet is the content of one COBS frame. Data goes to standard output, everything else to standard error.',
  '.SH COMMANDS',
  ...program.commands.flatMap(section),
  '.SH EXIT STATUS',
  ...after(program, 'afterAllHelp').map((line) => roff(line)),
  '.SH FILES',
  '.TP',
  '.I $XDG_CONFIG_HOME/sercom/config.json',
  'Profiles for',
  '.BR @PROFILE .',
  'If XDG_CONFIG_HOME is not set:',
  '.I ~/.config/sercom/config.json',
  '.SH ENVIRONMENT',
  '.TP',
  '.B NO_COLOR',
  'If set, disables colored output.',
  '.TP',
  '.B TERM',
  'If dumb or not set: no colors, and nothing is drawn in place.',
  '.TP',
  '.B SERCOM_MQTT_PASSWORD',
  'Password of bridge for the broker, with',
  '.BR \\-\\-mqtt\\-user .',
];

const text = `${page.join('\n')}\n`;
const [file = fileURLToPath(new URL('../man/sercom.1', import.meta.url))] = process.argv.slice(2);
if (file === '-') {
  process.stdout.write(text);
} else {
  writeFileSync(file, text);
}

/** The subsection of one command: description, arguments, options by group, and examples. */
function section(command) {
  const groups = groupBy(help.visibleOptions(command), (option) => option.helpGroupHeading ?? 'Options:');
  return [
    `.SS sercom ${roff(command.name())} ${roff(command.usage())}`,
    roff(sentence(command.description())),
    ...help
      .visibleArguments(command)
      .flatMap((argument) => [
        '.TP',
        `.I ${roff(help.argumentTerm(argument))}`,
        roff(help.argumentDescription(argument)),
      ]),
    ...[...groups].flatMap(([heading, options]) => [
      '.PP',
      roff(heading),
      ...options.flatMap((option) => [
        '.TP',
        `.B ${roff(help.optionTerm(option))}`,
        roff(help.optionDescription(option)),
      ]),
    ]),
    '.PP',
    '.nf',
    ...after(command, 'afterHelp').map((line) => roff(line)),
    '.fi',
  ];
}

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  }
  return groups;
}

/** The lines that a command appends to its help. */
function after(command, event) {
  const lines = [];
  command.emit(event, { error: false, command, write: (text) => lines.push(...text.trim().split('\n')) });
  return lines;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** Escapes a line so that roff prints it literally. */
function roff(line) {
  return line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^[.']/, '\\&$&')
    .replace(
      /[^\x00-\x7f]/gu,
      (character) => `\\[u${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
