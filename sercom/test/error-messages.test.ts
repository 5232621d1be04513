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

/**
 * Command lines that fail when the command runs: `%` is a folder with the folder `dir`, the file `file`, a broken
 * capture, broken `.proto` files, and `loop`, a link to itself.
 */
const FAILING: readonly (readonly [commandLine: string, code: ExitCode, message: RegExp])[] = [
  ['replay %/missing.log', 1, /^sercom: cannot read %\/missing\.log: no such file; check its name$/],
  ['replay %/dir', 1, /: cannot read %\/dir: it is a folder; name a file$/],
  ['replay %/file/x', 1, /: a part of its path is not a folder; /],
  ['replay %/loop', 1, /: the symbolic links lead in a circle; /],
  ['replay %/file', 1, /^sercom: %\/file: line 1: not a line of a log; expected for example /],
  ['replay %/cut.log', 1, /^sercom: %\/cut\.log: line 1: truncated line; /],
  ['replay %/cut.pcapng', 1, /^sercom: %\/cut\.pcapng: block at byte 0: truncated block; /],
  ['replay %/cut.pcap', 1, /^sercom: %\/cut\.pcap: the header of the file is truncated; /],
  ['replay %/cut.log.gz', 1, /^sercom: %\/cut\.log\.gz: the gzip data is truncated; /],
  ['replay %/file --log %/file.2 --append', 2, /^sercom: --log: %\/file\.2 is not a log, so it cannot be continued; /],
  ['replay %/file.2 --log %/file --log-size 1M', 2, /^sercom: --log: %\/file\.2 would be renamed as an older part of /],
  ['replay %/file --log %/file', 2, /^sercom: --log: %\/file is the recording being replayed; choose another file$/],
  ['replay - --loop', 2, /^sercom: --loop: stdin can be read only once; use a file$/],
  ['replay %/file --dir both --linger 1', 2, /^sercom: --linger requires PORT$/],
  ['replay %/file --log -', 2, /^sercom: --log -: only --pcapng can write to stdout; name a file$/],
  ['replay %/file --log %/dir/no/x', 1, /^sercom: --log: cannot write %\/dir\/no\/x: no such folder; create it first$/],
  ['replay %/file --pcapng %/dir', 1, /^sercom: --pcapng: cannot write %\/dir: it is a folder; name a file$/],
  ['replay %/file --log %/cut.log', 2, /^sercom: --log: %\/cut\.log already exists; use --force to overwrite it$/],
  ['replay %/file --filter x=1', 2, /^sercom: --filter "x=1": unknown condition "x=1"; expected name=NAME/],
  ['replay %/file --reject bytes=0', 2, /^sercom: --reject "bytes=0": invalid hex "0"; expected pairs/],
  ['replay %/file --filter id=1', 2, /^sercom: --filter "id=1": "id" requires --request-ids$/],
  ['replay %/file --decode kind=reply:json', 2, /^sercom: --decode "kind=reply:json": "kind" requires --request-ids$/],
  ['replay %/file --request-ids 1 --filter kind=x', 2, /^sercom: --filter "kind=x": invalid kind "x"; expected /],
  ['replay %/file --columns id', 2, /^sercom: --columns id requires --request-ids$/],
  ['replay %/file --format @q', 2, /^sercom: --format: invalid sequence "@q"; fields: /],
  ['replay %/file --decode yaml', 2, /^sercom: --decode: unknown decoder "yaml"; expected text, /],
  ['replay %/file --proto-path %', 2, /^sercom: --proto-path requires --decode$/],
  ['replay %/file --decode struct:z', 2, /^sercom: --decode "struct:z": unknown code "z"; expected /],
  ['replay %/file --decode protobuf:x', 2, /^sercom: --decode "protobuf:x": expected protobuf:FILE:TYPE, for example /],
  ['replay %/file --decode protobuf:%/no.proto:A', 1, /^sercom: --decode: cannot read %\/no\.proto: no such file; /],
  ['replay %/file --decode protobuf:%/dir:A', 1, /^sercom: --decode: cannot read %\/dir: not a regular file; /],
  [
    'replay %/file --decode protobuf:%/bad.proto:A',
    1,
    /^sercom: --decode: %\/bad\.proto, line 1: .*; correct the file$/,
  ],
  [
    'replay %/file --decode protobuf:%/type.proto:A',
    1,
    /^sercom: --decode: %\/type\.proto: no such .*; correct the file$/,
  ],
  [
    'replay %/file --decode protobuf:%/good.proto:A',
    2,
    /^sercom: --decode: unknown message type "A" in %\/good.proto; available: B$/,
  ],
  [
    'replay %/file --decode protobuf:%/import.proto:A',
    1,
    /cannot read %\/gone\.proto, which %\/import\.proto imports: no such file; /,
  ],
  ['send sim: --file %/missing', 1, /^sercom: --file: cannot read %\/missing: no such file; check its name$/],
  ['send sim: --file %/dir', 1, /^sercom: --file: cannot read %\/dir: it is a folder; name a file$/],
  ['send sim: --hex 0', 2, /^sercom: --hex: invalid hex "0"; expected pairs of digits, for example /],
  ['send sim:', 2, /^sercom: nothing to send; use one of --hex /],
  ['send sim: --text {led} --encode cbor', 2, /^sercom: invalid JSON: \{led\} \(.*\); expected for example /],
  [
    'send sim: --text hello --max-packet 2',
    2,
    /^sercom: packet is longer than 2 bytes; send less at a time, or raise --max-packet /,
  ],
  [
    'send sim: --text a --stdin',
    2,
    /^sercom: --text cannot be used with --stdin$|^sercom: --stdin cannot be used with --text$/,
  ],
  ['send sim: --text a --timeout 1', 2, /^sercom: --timeout requires --wait or --request$/],
  ['monitor arm=', 2, /^sercom: port "arm=": the path is empty or invalid; expected /],
  ['monitor sim:@0', 2, /^sercom: port "sim:@0": invalid baud rate; expected /],
  ['monitor usb:9999', 2, /^sercom: port "usb:9999": expected usb:VID:PID\[:SERIAL\]\[#INTERFACE\] or /],
  ['monitor arm=sim: arm=sim:', 2, /^sercom: two ports are named "arm"; give each its own name: NAME=sim:$/],
  ['monitor arm=sim: --to leg', 2, /^sercom: --to: unknown connection "leg"; available: arm$/],
  ['monitor a=sim: b=sim: --input text', 2, /^sercom: --input requires --to NAME when several ports are open: a, b$/],
  ['monitor sim:%/no.hex', 1, /^sercom: cannot read %\/no\.hex: no such file; build it first$/],
  [
    'monitor sim:%/bad.hex',
    1,
    /^sercom: cannot run %\/bad\.hex on a simulated Uno: .*; name an Intel HEX file for the Uno$/,
  ],
  ['monitor %/none.tty', 1, /^sercom: connection "%\/none.tty": no such port; /],
  ['monitor %/file', 1, /^sercom: connection "%\/file": not a serial port; /],
  ['monitor sim: --release-for "x', 2, /^sercom: --release-for ""x": a quote is not closed; expected for example /],
  ['monitor sim: --lead 2', 2, /^sercom: --lead requires --changes$/],
  ['monitor @bench', 2, /^sercom: profiles: cannot read \S+config\.json: no such file; create it with \{/],
  ['extcap', 2, /^sercom: --extcap-interface: missing; expected sercom-PATH; see "sercom extcap --extcap-interfaces"$/],
  ['extcap --extcap-interface wrong', 2, /^sercom: --extcap-interface: invalid value "wrong"; expected sercom-PATH/],
  ['extcap --extcap-interface sercom-sim:', 2, /^sercom: nothing to do; use --extcap-dlts, /],
  ['extcap --extcap-interface sercom-sim: --capture', 2, /^sercom: --capture requires --fifo$/],
  [
    'extcap --extcap-interface sercom-sim: --capture --fifo %/dir/no/x',
    1,
    /^sercom: --fifo: cannot write %\/dir\/no\/x: no such folder; /,
  ],
];

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
    // Any text is a template of a packet, the name that the interface has in Wireshark, or a filter that is not supported.
    const accepting = ['--text', '--extcap-capture-filter', '--extcap-interface'];
    const tested = FAILING.flatMap(([line]) => line.split(' ').filter((word) => word.startsWith('--')));
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
