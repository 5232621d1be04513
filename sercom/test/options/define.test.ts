import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { addDefinition, type CommandDefinition } from '../../src/commands/command.js';
import { argument, grouped, needing, type OptionsOf, option } from '../../src/options/define.js';
import { checkOptions } from '../../src/options/option-rules.js';
import { collect, integer } from '../../src/options/values.js';

const table = {
  file: argument('<file>', 'a file'),
  shell: argument('[shell]', 'a shell', ['bash', 'zsh']),
  verbose: option('-v, --verbose', 'a flag'),
  lock: option('--no-lock', 'a negated flag'),
  title: option('--title <text>', 'a text'),
  kind: option('--kind <kind>', 'a choice', { choices: ['a', 'b'] }),
  mode: option('--mode <mode>', 'a choice with a default', { choices: ['x', 'y'], default: 'x' }),
  dataBits: option('--bits <bits>', 'parsed choices', { choices: ['7', '8'], parse: Number }),
  timeoutMs: option('--timeout <ms>', 'a number with a default', { parse: integer(1), default: 500 }),
  filters: option('--filter <filter>', 'repeatable', { parse: collect }),
  rounds: option('--loop [times]', 'an optional value', { parse: integer(1) }),
};

function parsed(...commandLine: string[]): Record<string, unknown> {
  const command = new Command('test').exitOverride().configureOutput({ writeErr: () => {} });
  addDefinition(command, { options: table, help: '' });
  command.action(() => {});
  command.parse(commandLine, { from: 'user' });
  checkOptions(command);
  return command.opts();
}

describe('a table of options', () => {
  test('determines the type of the values', () => {
    expectTypeOf<OptionsOf<typeof table>>().toEqualTypeOf<{
      file: string;
      shell?: 'bash' | 'zsh';
      verbose?: boolean;
      lock: boolean;
      title?: string;
      kind?: 'a' | 'b';
      mode: 'x' | 'y';
      dataBits?: number;
      timeoutMs: number;
      filters?: string[];
      rounds?: number | true;
    }>();
  });

  test('keeps the types when it is grouped or needs another option', () => {
    expectTypeOf(grouped('Group:', table)).toEqualTypeOf(table);
    expectTypeOf(needing(['file'], table)).toEqualTypeOf(table);
  });

  test('names the values by its keys, whatever the flags are', () => {
    expect(parsed('f')).toEqual({ lock: true, mode: 'x', timeoutMs: 500 });
    expect(
      parsed('f', '-v', '--no-lock', '--title', 't', '--kind', 'b', '--bits', '7', '--timeout', '9', '--loop'),
    ).toEqual({
      ...{ verbose: true, lock: false, title: 't', kind: 'b', mode: 'x', dataBits: 7, timeoutMs: 9, rounds: true },
    });
    expect(parsed('f', '--filter', 'a', '--filter', 'b', '--loop', '3')).toMatchObject({
      filters: ['a', 'b'],
      rounds: 3,
    });
  });

  test.each([
    ['--kind', 'c', /Allowed choices are a, b/],
    ['--bits', '9', /Allowed choices are 7, 8/],
    ['--timeout', '0', /Expected an integer from 1/],
  ])('rejects %s %s', (flag, value, message) => {
    expect(() => parsed('f', flag, value)).toThrow(message);
  });
});

const commands = path.resolve(import.meta.dirname, '../../src/commands');
const names = readdirSync(commands, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

describe('the rules of the options', () => {
  test.each(names)('of %s refer to options and arguments that it has', async (name) => {
    const { definition }: { definition: CommandDefinition } = await import(path.join(commands, name, 'command.ts'));
    const keys = Object.keys(definition.options);
    const subjects = Object.values(definition.options).flatMap((each) =>
      each.kind === 'argument'
        ? []
        : [...(each.needs ?? []), ...(each.excludes ?? [])].flatMap((rule) =>
            typeof rule === 'string' ? [rule] : [rule.option, ...rule.unless],
          ),
    );
    expect(subjects.map((subject) => subject.replace(/=.*/, '')).filter((key) => !keys.includes(key))).toEqual([]);
  });
});

describe('every command', () => {
  test.each(names)('%s has a help text for each option and argument, without a period', async (name) => {
    const { definition }: { definition: CommandDefinition } = await import(path.join(commands, name, 'command.ts'));
    for (const { description } of Object.values(definition.options)) {
      expect(description).toMatch(/^(?:[a-z[]|DTR|RTS).*[^.\s]$/s);
    }
  });

  test('that shows records has the same definitions as the others', async () => {
    const definitions = new Map<string, Set<string>>();
    for (const name of ['monitor', 'replay', 'extcap']) {
      const { definition }: { definition: CommandDefinition } = await import(path.join(commands, name, 'command.ts'));
      for (const [key, each] of Object.entries(definition.options)) {
        // In replay, the options of ports need a port.
        const text = JSON.stringify({ ...each, needs: undefined });
        definitions.set(key, (definitions.get(key) ?? new Set()).add(text));
      }
    }
    const differing = [...definitions].flatMap(([key, texts]) => (texts.size > 1 ? [key] : []));
    // Wireshark offers dissectors rather than decoders. A recording has no session, but others may be heard in it.
    expect(differing.sort()).toEqual(['decode', 'delivery']);
  });
});
