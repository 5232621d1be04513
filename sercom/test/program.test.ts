import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expectMessageForm } from './support/message-form.js';
import { RunningProcess, run, SERCOM } from './support/sercom-process.js';

describe('a usage error exits with 2 and one line of help', () => {
  test.each([
    [[], /list, monitor or send/],
    [['lst'], /unknown command 'lst' \(Did you mean list\?\)/],
    [['list', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [['list', 'x'], /too many arguments: "x"; see "sercom list --help"$/m],
    [['monitor', 'sim:', '--web=8080'], /unknown option '--web=8080' \(Did you mean --web-listen 8080\?\); /],
    [['monitor', 'sim:', '--cnt', '2'], /\(Did you mean --count\?\); see "sercom monitor --help"$/m],
    [['help', 'monitr'], /unknown command 'monitr' \(Did you mean monitor\?\); see "sercom --help"$/m],
    [['xyzzy'], /unknown command 'xyzzy'; see "sercom --help"$/m],
    [['sim:'], /unknown command 'sim:' \(Did you mean "sercom monitor sim:"\?\)/],
    [['/dev/ttyACM0@9600', '--json'], /\(Did you mean "sercom monitor \/dev\/ttyACM0@9600"\?\)/],
    [['bench.log.1.gz'], /\(Did you mean "sercom replay bench.log.1.gz"\?\)/],
    [['bench.log'], /\(Did you mean "sercom replay bench.log"\?\)/],
    [['monitor', 'a=sim:', 'b=sim:', '--to', 'c'], /--to: .*"c"; .*a, b$/m],
    [
      ['monitor', 'usb:2341'],
      /port "usb:2341": expected usb:VID:PID\[:SERIAL\]\[#INTERFACE\] or usb:LOCATION.*, for example usb:2341:0043/,
    ],
    [['monitor', 'sim:', '--fliter', 'dir=rx'], /unknown option '--fliter' \(Did you mean --filter\?\)/],
    [['monitor', 'sim:', '--filter', 'dri=rx'], /^sercom: --filter "dri=rx": /],
    [['monitor', 'sim:', '--decode', 'xml'], /--decode: unknown decoder "xml"; expected text, json, cbor/],
    [['monitor', 'sim:', '--parity', 'evn'], /--parity: invalid value "evn"; allowed choices are none, even, odd/],
    [['monitor', 'sim:', '--json', '--dump'], /cannot be used with/],
    [['monitor', 'arm=sim:', '--to', 'amr'], /--to: .*"amr"; Did you mean arm\?/],
    [['monitor', 'a=sim:', 'b=sim:', '--input', 'text'], /--input.* --to NAME.* a, b/],
    [['monitor', 'sim:', '--await-port', '--no-reconnect'], /--await-port cannot be used with --no-reconnect$/m],
    [['monitor', 'sim:@abc'], /port "sim:@abc": expected sim: or sim:FILE\.hex, .*@BAUD/],
    [['monitor', 'sim:', '--max-packet', '0'], /--max-packet.*number of bytes from 1 to 16777216/],
    [['monitor', 'sim:', '--max-packet', '3'], /longer than 3 bytes; .*--max-packet/],
    [
      ['replay', 'bench.log', '--loop', 'sim:'],
      /--loop.*write FILE and PORT before --loop; see "sercom replay --help"$/m,
    ],
    [['replay', 'bench.log', '--loop', '0'], /--loop.*integer from 1/],
    [['monitor', '=x'], /port "=x": .*NAME=\]PATH/],
    [['monitor', 'x@0'], /port "x@0": .*from 1 to 4294967295/],
    [['monitor', 'a=x', 'a=y'], /two ports are named "a"/],
    [['monitor', 'sim:', '-b', 'fast'], /--baud.*fast.*integer/],
    [['monitor', 'sim:', '-n', '0'], /--count.*integer from 1/],
    [['monitor', 'sim:', '--settle', '-1'], /--settle.*integer from 0/],
    [['monitor', 'sim:', '--timeout', '0'], /--timeout.*above 0/],
    [['monitor', 'sim:', '--timeout', '1e3'], /--timeout.*above 0/],
    [['monitor', 'sim:', '--checksum', 'md5'], /none, crc16, crc32/],
    [['monitor', 'evil\x1b[2J\u202e=x', 'evil\x1b[2J\u202e=x'], /"evil\\x1b\[2J\\u\{202e\}"/],
    [['send', 'sim:'], /nothing to send; use one of --hex .*--text .*--stdin/],
    [['send', 'sim:', '--text', 'a', '--hex', '00'], /cannot be used with/],
    [['send', 'sim:', '--text', 'a', '--stdin'], /cannot be used with/],
    [['send', 'sim:', '--hex', '0'], /invalid hex "0"; expected pairs of digits/],
    [['send', 'sim:', '--text', 'a', '--wait', 'some'], /--wait.*integer/],
    [['send', 'sim:', 'hello'], /too many arguments: "hello"; to send a packet, put --text or --hex before it; see/],
    [['send', 'sim:', '--text', 'hello', 'you'], /too many arguments: "you"; put the packet into quotes .* --text "/],
    [['send', 'sim:', '--hex', '01', '02', 'ff'], /too many arguments: "02", "ff"; put .* --hex "01 02 ff"; see/],
    [['ping', 'sim:', 'a=sim:'], /too many arguments: "a=sim:"; see "sercom ping --help"$/m],
    [['monitor', 'sim:', '--baudrate', '9600'], /unknown option '--baudrate' \(Did you mean --baud\?\); see/],
    [['send', 'sim:', '--baud-rate=9600'], /unknown option '--baud-rate=9600' \(Did you mean --baud\?\); see/],
    [['monitor', 'sim:', '--fliter=dir=rx'], /unknown option '--fliter=dir=rx' \(Did you mean --filter\?\); see/],
    [['monitor', 'sim:', '-n'], /--count: the value <packets> is missing; see/],
    [['monitor', 'sim:', '-n', "it's"], /--count: invalid value "it's"; expected an integer from 1 up; see/],
    [['replay'], /missing FILE; see "sercom replay --help"$/m],
    [['send', 'sim:', '--text', 'a', '--encode', 'cbor'], /invalid JSON: a/],
    [
      ['send', 'sim:', '--hex', '00', '--encode', 'cbor'],
      /--encode requires --text, --stdin, --file or --input json$/m,
    ],
    [['send', 'sim:', '--input', 'text', '--repeat', '2'], /--repeat cannot be used with --input$/m],
    [['monitor', 'sim:', '--changes', '--json'], /--changes cannot be used with --json/],
    [['monitor', 'sim:', '--changes', '--format', '%x'], /--changes cannot be used with --format/],
    [['monitor', 'sim:', '--changes', '--decode', 'text'], /--changes cannot be used with --decode/],
    [['monitor', 'sim:', '--lead', '2'], /--lead requires --changes or --web$/m],
    [['monitor', 'sim:', '--encode', 'cbor'], /--encode requires --input json or --allow-send$/m],
    [['monitor', 'sim:', '--encode', 'cbor', '--input', 'hex'], /--encode requires --input json or --allow-send$/m],
    [['monitor', 'sim:', '--log-size', '2000'], /--log-size requires --log$/m],
    [['send', 'sim:', '--text', 'a', '--timeout', '1'], /--timeout requires --wait or --request$/m],
    [['replay', 'x.log', '--linger', '1'], /--linger requires PORT$/m],
    [['replay', 'x.log', '--settle', '1'], /--settle requires PORT$/m],
    [['ping', 'sim:', '--size', '5-3'], /--size.*64 or 1,16,254 or 1-32/],
    [['ping', 'sim:', '--window', '0'], /--window.*integer from 1/],
    [['completion', 'csh'], /SHELL: invalid value "csh"; allowed choices are bash, zsh, fish, ports; see/],
  ] as const)('sercom %j', async (commandLine, message) => {
    const { code, stdout, stderr } = await run(...commandLine);
    expectMessageForm(stderr);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('for a packet that is too long', async () => {
    const { code, stderr } = await run('send', 'sim:', '--text', 'a'.repeat(65_537));
    expect(stderr).toMatch(/^sercom: packet is longer than 65536 bytes.*\n$/);
    expect(code).toBe(2);
  });

  test('for more on stdin than fits into a packet', async () => {
    const running = new RunningProcess(process.execPath, [SERCOM, 'send', 'sim:', '--stdin']);
    running.child.stdin!.on('error', () => {});
    running.child.stdin!.end(Buffer.alloc(1_000_000));
    expect(await running.outcome()).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^.*65536.*\n$/),
    });
  });
});

describe('a file that cannot be read exits with 1 and an error that names it', () => {
  test.each([
    [['send', 'sim:', '--file', '/nowhere'], /--file: cannot read \/nowhere: no such file; check its name/],
    [['replay', '/nowhere'], /: cannot read \/nowhere: no such file; check its name/],
    [
      ['monitor', 'sim:', '--decode', 'protobuf:/nowhere:Pose'],
      /--decode: cannot read \/nowhere: no such file; check its name/,
    ],
  ])('sercom %j', async (commandLine, message) => {
    const { code, stdout, stderr } = await run(...commandLine);
    expect(stderr).toMatch(/^sercom: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});

describe('help', () => {
  test.each([[['--help']], [['help']]])('sercom %j', async (commandLine) => {
    const { code, stdout, stderr } = await run(...commandLine);
    for (const word of ['list', 'monitor', 'send', 'Examples:', 'Exit codes:']) {
      expect(stdout).toContain(word);
    }
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([
    ['list', ['--json', '--watch']],
    ['ping', ['--count', '--size', '--interval', '--window', '--timeout', '--json', '--baud', 'sim:']],
    ['monitor', ['--filter', '--reject', '--log', '--pcapng', '--stats', '--changes', '--input', '--parity', '--drop']],
    ['monitor', ['--baud', '--checksum', '--settle', '--no-skip-first', '--count', '--timeout', '--json', 'sim:']],
    ['send', ['--hex', '--text', '--stdin', '--wait', '--timeout', '--settle', '--checksum', '--json', 'sim:']],
  ])('sercom %s --help has every option, examples and exit codes', async (command, words) => {
    const { code, stdout } = await run(command, '--help');
    for (const word of [...words, `sercom ${command}`, 'Examples:', 'Exit codes:']) {
      expect(stdout).toContain(word);
    }
    expect(code).toBe(0);
    expect((await run('help', command)).stdout).toBe(stdout);
  });

  test('shows each default once', async () => {
    const help = (await run('ping', '--help')).stdout.replace(/\s+/g, ' ');
    expect(help).toContain('1,16,254 or 1-32 (default: 64) --interval');
    expect(help).toContain('(default: 0; sim: 50)');
    expect(help).toMatch(/1\.5 works on Windows only .*mark and space work on Windows only/);
  });

  test('states the exit code of each command on Ctrl-C', async () => {
    expect((await run('--help')).stdout.replace(/\s+/g, ' ')).toContain(
      '130 in send and replay, 0 in monitor, serve, bridge, list --watch and extcap, 0 or 1 in ping',
    );
  });

  test('does not load serialport', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'sercom-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const probe = path.join(folder, 'probe.cjs');
    await writeFile(
      probe,
      `process.on('exit', () => require('node:fs').writeSync(2, Object.keys(require.cache).join('\\n')));`,
    );
    const loaded = async (...commandLine: string[]) =>
      (await new RunningProcess(process.execPath, ['--require', probe, SERCOM, ...commandLine]).outcome()).stderr;
    expect(await loaded('--help')).not.toContain('serialport');
    expect(await loaded('monitor', '--help')).not.toContain('serialport');
    // The probe works.
    expect(await loaded('monitor', '/dev/null')).toContain('serialport');
  });
});

test('sercom --version', async () => {
  const manifest = JSON.parse(await readFile(path.resolve(import.meta.dirname, '../package.json'), 'utf8'));
  expect(await run('--version')).toEqual({ code: 0, signal: null, stdout: `${manifest.version}\n`, stderr: '' });
});

describe('a port that cannot be opened exits with 1 and explains why', () => {
  test('no such port', async () => {
    expect(await run('monitor', '/dev/nowhere')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sercom: .*\/dev\/nowhere.*no such port; .*\n$/),
    });
  });

  test('no serial port', async () => {
    const { code, stderr } = await run('monitor', '/dev/null');
    expect(stderr).toMatch(/^sercom: connection "\/dev\/null": not a serial port; .*\n$/);
    expect(code).toBe(1);
  });

  test('with its name escaped', async () => {
    const { code, stderr } = await run('send', 'a\x1b]0;x\x07=/dev/no\u202ewhere', '--text', 'x');
    expect(stderr).toMatch(
      /^sercom: [^\n\x1b\x07\u202e]*a\\x1b\]0;x\\x07[^\n\x1b\x07\u202e]*no\\u\{202e\}where[^\n]*\n$/,
    );
    expect(code).toBe(1);
  });

  test('with one line for each port that failed', async () => {
    const { code, stdout, stderr } = await run('monitor', 'a=/dev/nowhere', 'sim:', 'b=/dev/nothere');
    expect(stderr).toMatch(/^sercom: .*"a".*\nsercom: .*"b".*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
