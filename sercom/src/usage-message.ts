import type { Command } from 'commander';
import { invalidValue } from './options/values.js';
import { similar } from './text/suggest.js';

/** Commander's messages that are reworded. */
const FORMS: readonly (readonly [form: RegExp, reworded: (...groups: string[]) => string])[] = [
  [
    /^option '(?:-\w, )?(--[\w-]+) ([^']*)' argument missing$/,
    (long, value) => `${long}: the value ${value} is missing`,
  ],
  [
    /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (.*)$/s,
    (long, value, reason) => `${long}: ${invalidValue(value!, reason!)}`,
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '(\w+)'\. (.*)$/s,
    (value, name, reason) => `${name!.toUpperCase()}: ${invalidValue(value!, reason!)}`,
  ],
  [/^missing required argument '(\w+)'$/, (name) => `missing ${name!.toUpperCase()}`],
];

/** Commander's message about a usage error, which may have several lines, in one line: what is wrong; what to do. */
export function usageMessage(text: string, command: Command): string {
  const sentence = text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[.\s]+$/, '');
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
  return `${reworded(sentence)}${extended(sentence, command)}; see "${name} --help"`;
}

function reworded(sentence: string): string {
  for (const [form, reword] of FORMS) {
    const match = form.exec(sentence);
    if (match !== null) {
      return reword(...match.slice(1));
    }
  }
  return sentence;
}

/** Commander suggests no option that the given one only extends, as `--baudrate` does, and none for `--fliter=dir=rx`. */
function extended(sentence: string, { options }: Command): string {
  const [, flag, value] = /^unknown option '(--[\w-]+)(?:=(.*))?'$/s.exec(sentence) ?? [];
  if (flag === undefined) {
    return '';
  }
  const known = options.flatMap(({ long }) => long ?? []);
  if (flag === '--web' && known.includes(flag)) {
    return ` (Did you mean --web-listen ${value}?)`;
  }
  const meant = known.find((long) => long.length > '--to'.length && flag.startsWith(long)) ?? similar(flag, known);
  return meant === undefined ? '' : ` (Did you mean ${meant}?)`;
}
