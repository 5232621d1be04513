import { readdirSync } from 'node:fs';
import path from 'node:path';
import { CommanderError } from 'commander';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CommandDefinition } from '../../src/commands/command.js';
import type { OptionDefinition } from '../../src/options/define.js';
import { createProgram } from '../../src/program.js';
import { reportError } from '../../src/report-error.js';
import { redirectMessages } from '../../src/terminal/message.js';
import type { Output } from '../../src/terminal/output.js';

const COMMANDS = path.resolve(import.meta.dirname, '../../src/commands');

interface OptionOfCommand {
  command: string;
  definition: OptionDefinition;
  long: string;
  takesValue: boolean;
}

const all: OptionOfCommand[] = [];
for (const entry of readdirSync(COMMANDS, { withFileTypes: true }).filter((each) => each.isDirectory())) {
  const { definition }: { definition: CommandDefinition } = await import(path.join(COMMANDS, entry.name, 'command.ts'));
  for (const option of Object.values(definition.options)) {
    if (option.kind === 'option') {
      const long = /--[\w-]+/.exec(option.flags)![0];
      all.push({ command: entry.name, definition: option, long, takesValue: /</.test(option.flags) });
    }
  }
}

/** What to write around an option, so that it is what is wrong. Default: a port. */
const AROUND: Readonly<Record<string, readonly string[]>> = {
  list: [],
  send: ['sim:', '--text', 'x'],
  'send --hex': ['sim:'],
  'send --file': ['sim:'],
  'send --input': ['sim:'],
  replay: ['/dev/null'],
  extcap: ['--capture', '--fifo', '/dev/null'],
  'extcap --fifo': ['--capture', '--extcap-interface', 'sercom-sim:'],
};

/** A value that is invalid where "nonsense!" is not. Without one, every text is valid. */
const INVALID: Readonly<Record<string, string | undefined>> = {
  '--format': '%q',
  '--log': '/nowhere/a.log',
  '--pcapng': '/nowhere/a.pcapng',
  '--file': '/nowhere/packet',
  '--fifo': '/nowhere/fifo',
  // Any text, any folder, and what Wireshark passes.
  '--text': undefined,
  '--proto-path': undefined,
  '--extcap-version': undefined,
  '--extcap-capture-filter': undefined,
};

/** The messages of a command, and its exit code. */
async function messagesOf(commandLine: readonly string[]): Promise<{ messages: string[]; code: number }> {
  const messages: string[] = [];
  redirectMessages((line) => messages.push(line));
  onTestFinished(() => redirectMessages());
  let code = 0;
  const exit = (exitCode: number) => {
    code = exitCode;
  };
  try {
    const output = {
      write: () => {},
      dropWhenStalled: () => {},
      stream: process.stdout,
      isTerminal: false,
    } as unknown as Output;
    const program = await createProgram(output, exit, commandLine);
    await program.parseAsync(commandLine, { from: 'user' });
  } catch (error) {
    code = error instanceof CommanderError ? 2 : reportError(error);
  }
  return { messages, code };
}

function lineOf(command: string, long: string, ...values: string[]): string[] {
  const around = AROUND[`${command} ${long}`] ?? AROUND[command] ?? ['sim:'];
  return [command, ...around, long, ...values];
}

/** One line: where, what is wrong, and what to do; without the codes and calls of the operating system. */
const FORM = /^sercom: [^\n]*; [^\n]+\n$/;
const RAW = /\b(?:E[A-Z]{4,}|errno|undefined|null|NaN|\[object)\b|Error:/;

describe.each(all.map((option) => [`sercom ${option.command} ${option.long}`, option] as const))('%s', (_, option) => {
  const { command, definition, long, takesValue } = option;

  test('has a help text', () => {
    expect(definition.description).toMatch(/^(?:[a-z]|DTR|RTS).*[^.\s]$/s);
  });

  const invalid = long in INVALID ? INVALID[long] : 'nonsense!';
  if (takesValue && invalid !== undefined) {
    test('says what is wrong with an invalid value, and what to do', async () => {
      const { messages, code } = await messagesOf(lineOf(command, long, invalid));
      expect(messages).toEqual([expect.stringMatching(FORM)]);
      const [message] = messages as [string];
      expect(message).not.toMatch(RAW);
      expect(message).toContain(long);
      // A condition is part of its filter.
      expect([1, 2]).toContain(message.split(invalid).length - 1);
      expect(code).toBe(invalid.startsWith('/') ? 1 : 2);
    });
  }

  if (takesValue) {
    test('says that its value is missing', async () => {
      const { messages, code } = await messagesOf(lineOf(command, long));
      expect(messages).toEqual([expect.stringMatching(FORM)]);
      expect(messages[0]).toContain(`${long}: the value <`);
      expect(code).toBe(2);
    });
  }

  test('is suggested when it is misspelt', async () => {
    const others = all.filter((other) => other.command === command).map((other) => other.long);
    for (const misspelt of [`${long}x`, `${long.slice(0, 3)}${long.slice(4)}`, `${long.slice(0, -1)}`]) {
      if (misspelt.length > '--to'.length && !others.includes(misspelt)) {
        const { messages, code } = await messagesOf(lineOf(command, misspelt));
        expect(messages).toEqual([
          expect.stringMatching(/ \(Did you mean (?:one of )?--[\w-]+.*\?\); see "sercom \w+ --help"\n$/),
        ]);
        expect(messages[0]).toMatch(new RegExp(`Did you mean .*${long}[,?]`));
        expect(code).toBe(2);
      }
    }
  });
});

test('the commands have options', () => {
  expect(all.length).toBeGreaterThan(100);
  expect(new Set(all.map(({ command }) => command))).toEqual(
    new Set(['extcap', 'list', 'monitor', 'ping', 'replay', 'send']),
  );
});
