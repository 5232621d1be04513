import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, CommanderError, type Option } from 'commander';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DECODER_FORMS } from '../src/decoders/index.js';
import { ExitCode } from '../src/exit-codes.js';
import { createProgram } from '../src/program.js';
import { reportError } from '../src/report-error.js';
import { redirectMessages } from '../src/terminal/message.js';
import { Output } from '../src/terminal/output.js';
import { FAILING } from './support/failing-commands.js';
import { expectMessageForm } from './support/message-form.js';
import { run } from './support/sercom-process.js';
import { temporaryFolder } from './support/temporary-folder.js';

const output = new Output(process.stdout);
const commands = (await createProgram(output, () => {})).commands;

/** Runs a command that fails before it opens a port. Returns its exit code and its messages. */
async function failing(...commandLine: string[]): Promise<{ code: ExitCode; stderr: string }> {
  let stderr = '';
  redirectMessages((line) => {
    stderr += line;
  });
  onTestFinished(() => redirectMessages());
  try {
    await (await createProgram(output, () => {}, commandLine)).parseAsync(commandLine, { from: 'user' });
  } catch (error) {
    return { code: error instanceof CommanderError ? ExitCode.usage : reportError(error), stderr };
  }
  throw new Error('it did not fail');
}

/** The options that take any text, whose value is checked when the command runs. */
const isFree = (option: Option) => option.required && option.parseArg === undefined && option.argChoices === undefined;

/** What Commander and our parsers report, for every option. */
describe.each(commands.map((command) => [command.name(), command] as const))('sercom %s', (name, command: Command) => {
  test('refuses an unknown option', async () => {
    const { code, stderr } = await failing(name, '--xyzzy');
    expectMessageForm(stderr, ['--xyzzy']);
    expect(stderr).toBe(`sercom: unknown option '--xyzzy'; see "sercom ${name} --help"\n`);
    expect(code).toBe(ExitCode.usage);
  });

  test('suggests the right option for one that is misspelt', async () => {
    for (const { long } of command.options) {
      const { stderr } = await failing(name, `${long}x`);
      expectMessageForm(stderr);
      expect(stderr).toMatch(new RegExp(`\\(Did you mean (one of )?${long}[?,]`));
    }
  });

  test('says that a value is missing', async () => {
    for (const option of command.options.filter(({ required }) => required)) {
      const { code, stderr } = await failing(name, option.long!);
      expectMessageForm(stderr, [option.long!]);
      expect(stderr).toMatch(`sercom: ${option.long}: the value <`);
      expect(code).toBe(ExitCode.usage);
    }
  });

  test('says what it expects instead of a wrong value', async () => {
    for (const option of command.options.filter((each) => each.required && !isFree(each))) {
      // Filters, decoders and folders are collected as they are.
      if (['--filter', '--reject', '--decode', '--proto-path'].includes(option.long!)) {
        continue;
      }
      const { code, stderr } = await failing(name, option.long!, 'wrong');
      expectMessageForm(stderr, [option.long!, 'wrong']);
      expect(stderr).toMatch(
        new RegExp(`^sercom: ${option.long}: invalid value "wrong"; (expected|allowed choices are) [^;]+; see "`),
      );
      expect(code).toBe(ExitCode.usage);
    }
  });

  test('refuses an argument too many', async () => {
    if (command.registeredArguments.some(({ variadic }) => variadic)) {
      return;
    }
    const needed = command.registeredArguments.map(({ argChoices }) => argChoices?.[0] ?? 'sim:');
    const { code, stderr } = await failing(name, ...needed, 'surplus');
    expectMessageForm(stderr, ['surplus']);
    expect(stderr).toMatch(`sercom: too many arguments: "surplus"; `);
    expect(code).toBe(ExitCode.usage);
  });
});

async function preparedFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const write = (name: string, content: string | Uint8Array) => writeFile(path.join(folder, name), content);
  await mkdir(path.join(folder, 'dir'));
  await symlink('loop', path.join(folder, 'loop'));
  await write('file', 'hello\n');
  await write('cut.log', '(1.000000) arm rx#00');
  await write('cut.pcapng', Buffer.from('0a0d0d0a1c000000', 'hex'));
  await write('file.2', 'hello\n');
  await write('cut.pcap', Buffer.from('d4c3b2a102000400', 'hex'));
  await write('cut.log.gz', Buffer.from('1f8b0800', 'hex'));
  await write('bad.hex', 'hello\n');
  await write('bad.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  await write('empty', '\n');
  await write('bad.uf2', 'hello\n');
  await write('bad.proto', 'message {');
  await write('type.proto', 'syntax = "proto3"; message A { Gone gone = 1; }');
  await write('good.proto', 'syntax = "proto3"; message B { uint32 b = 1; }');
  await write('import.proto', 'syntax = "proto3"; import "gone.proto"; message A { uint32 a = 1; }');
  return folder;
}

describe('a command that fails says where, what is wrong, and what to do', () => {
  test.each(FAILING)('%s', async (line, code, message) => {
    const folder = await preparedFolder();
    const home = process.env.XDG_CONFIG_HOME;
    process.env.XDG_CONFIG_HOME = folder;
    onTestFinished(() => {
      process.env.XDG_CONFIG_HOME = home;
    });
    const commandLine = line.split(' ').map((word) => word.replaceAll('%', folder));
    const outcome = await failing(...commandLine);
    expectMessageForm(outcome.stderr, commandLine.slice(1));
    expect(outcome.stderr.trimEnd().replaceAll(folder, '%')).toMatch(message);
    expect(outcome.code).toBe(code);
  });

  test('for every option whose value is checked only then', () => {
    const free = commands.flatMap((command) => command.options.filter(isFree).map(({ long }) => long!));
    // Any text is a template of a packet, the name that the interface has in Wireshark, a filter that is not supported, or a user.
    const accepting = ['--text', '--extcap-capture-filter', '--extcap-interface', '--mqtt-user'];
    const tested = FAILING.flatMap(([line]) => line.match(/(?<= )--[\w-]+/g) ?? []);
    expect(free.filter((long) => ![...tested, ...accepting].includes(long))).toEqual([]);
  });

  test('for every decoder with an argument', () => {
    const decoders = DECODER_FORMS.filter((form) => form.includes(':')).map((form) => form.split(':')[0]);
    for (const decoder of decoders) {
      expect(FAILING.some(([line]) => line.includes(`--decode ${decoder}:`))).toBe(true);
    }
  });
});

describe('a process that fails', () => {
  test('names each port that it could not open in a line of its own', async () => {
    const { code, stdout, stderr } = await run('monitor', 'arm=/dev/nowhere', 'leg=/dev/null');
    expectMessageForm(stderr, ['arm', '/dev/nowhere', '/dev/null'], 2);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test.skipIf(process.platform !== 'linux')('because of a full disk says so (needs Linux)', async () => {
    const { code, stderr } = await run('monitor', 'sim:', '--log', '/dev/full', '--json');
    expectMessageForm(stderr, ['/dev/full']);
    expect(stderr).toMatch(/^sercom: --log: cannot write \/dev\/full: no space left; free some, /);
    expect(code).toBe(1);
  });

  test('because nothing arrived in time says why', async () => {
    const { code, stderr } = await run('monitor', 'sim:', '--filter', 'name=other', '--timeout', '1');
    expectMessageForm(stderr);
    expect(code).toBe(3);
  });
});
