import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { jsonLines, RunningProcess, run, SERCOM, start } from './support/sercom-process.js';

describe('wrong use exits with 2 and says in one line what to do', () => {
  test.each([
    [[], /list, monitor or send/],
    [['lst'], /unknown command 'lst' \(Did you mean list\?\)/],
    [['list', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [['list', 'x'], /too many arguments.*; see "sercom list --help"$/m],
    [['monitor', 'sim:', '--cnt', '2'], /\(Did you mean --count\?\); see "sercom monitor --help"$/m],
    [['help', 'monitr'], /unknown command 'monitr' \(Did you mean monitor\?\); see "sercom --help"$/m],
    [['xyzzy'], /unknown command 'xyzzy'; see "sercom --help"$/m],
    [['sim:'], /unknown command 'sim:' \(Did you mean "sercom monitor sim:"\?\)/],
    [['/dev/ttyACM0@9600', '--json'], /\(Did you mean "sercom monitor \/dev\/ttyACM0@9600"\?\)/],
    [['bench.log'], /\(Did you mean "sercom replay bench.log"\?\)/],
    [['monitor', 'a=sim:', 'b=sim:', '--to', 'c'], /--to: there is no connection "c"; there are a, b$/m],
    [['monitor', 'usb:2341'], /port "usb:2341": write usb:VID:PID or usb:VID:PID:SERIAL, as in usb:2341:0043/],
    [['monitor', 'sim:', '--fliter', 'dir=rx'], /unknown option '--fliter' \(Did you mean --filter\?\)/],
    [['monitor', 'sim:', '--filter', 'dri=rx'], /filter "dri=rx"/],
    [['monitor', 'sim:', '--decode', 'xml'], /--decode: unknown decoder "xml"; expected text, json, cbor/],
    [['monitor', 'sim:', '--parity', 'evn'], /--parity.*none, even, odd/],
    [['monitor', 'sim:', '--json', '--dump'], /cannot be used with/],
    [['monitor', 'arm=sim:', '--to', 'amr'], /--to: there is no connection "amr"; Did you mean arm\?/],
    [['monitor', 'a=sim:', 'b=sim:', '--input', 'text'], /--input: say where the lines go: --to NAME; there are a, b/],
    [['monitor', 'sim:', '--await-port', '--no-reconnect'], /--await-port needs reconnecting/],
    [['monitor', 'sim:@abc'], /port "sim:@abc": behind sim: .* as in sim:@9600$/m],
    [['monitor', 'sim:', '--max-packet', '0'], /--max-packet.*whole number from 1/],
    [['monitor', 'sim:', '--max-packet', '3'], /at most 3 bytes; .*--max-packet/],
    [['replay', 'bench.log', '--loop', 'sim:'], /--loop.*a PORT comes before --loop; see "sercom replay --help"$/m],
    [['replay', 'bench.log', '--loop', '0'], /--loop.*whole number from 1/],
    [['monitor', '=x'], /port "=x": .*NAME=PATH/],
    [['monitor', 'x@0'], /port "x@0": .*from 1 to 4294967295/],
    [['monitor', 'a=x', 'a=y'], /two ports are named "a"/],
    [['monitor', 'sim:', '-b', 'fast'], /--baud.*fast.*whole number/],
    [['monitor', 'sim:', '-n', '0'], /--count.*whole number from 1/],
    [['monitor', 'sim:', '--settle', '-1'], /--settle.*whole number from 0/],
    [['monitor', 'sim:', '--timeout', '0'], /--timeout.*above 0/],
    [['monitor', 'sim:', '--timeout', '1e3'], /--timeout.*above 0/],
    [['monitor', 'sim:', '--checksum', 'md5'], /none, crc16, crc32/],
    [['monitor', 'evil\x1b[2J\u202e=x', 'evil\x1b[2J\u202e=x'], /"evil\\x1b\[2J\\u\{202e\}"/],
    [['send', 'sim:'], /--hex .*--text .*--stdin/],
    [['send', 'sim:', '--text', 'a', '--hex', '00'], /cannot be used with/],
    [['send', 'sim:', '--text', 'a', '--stdin'], /cannot be used with/],
    [['send', 'sim:', '--hex', '0'], /"0" is not made of pairs of hex digits/],
    [['send', 'sim:', '--text', 'a', '--wait', 'some'], /--wait.*whole number/],
    [['send', 'sim:', 'sim:', '--text', 'a'], /too many arguments/],
    [['send', 'sim:', '--text', 'a', '--encode', 'cbor'], /this is not JSON: a/],
    [['send', 'sim:', '--hex', '00', '--encode', 'cbor'], /--encode takes JSON/],
    [['send', 'sim:', '--input', 'text', '--repeat', '2'], /--repeat cannot send what comes from stdin/],
    [['monitor', 'sim:', '--changes', '--json'], /--changes cannot be used with --json/],
    [['monitor', 'sim:', '--changes', '--format', '%x'], /--changes cannot be used with --format/],
    [['monitor', 'sim:', '--changes', '--decode', 'text'], /--changes cannot be used with --decode/],
    [['monitor', 'sim:', '--lead', '2'], /--lead says what kinds there are: it needs --changes/],
    [['monitor', 'sim:', '--encode', 'cbor'], /--encode takes JSON: it needs --input json/],
    [['monitor', 'sim:', '--encode', 'cbor', '--input', 'hex'], /--encode takes JSON: it needs --input json/],
    [['monitor', 'sim:', '--log-size', '2000'], /--log-size limits the files of a log: it needs --log/],
    [['monitor', 'sim:', '--force'], /--force overwrites files: it needs --log or --pcapng/],
    [['monitor', 'sim:', '--log', '-'], /--log.*"?-"?.*It takes a file; --json and --pcapng - write to stdout/],
    [['send', 'sim:', '--text', 'a', '--timeout', '1'], /--timeout limits the wait for answers: it needs --wait/],
    [['replay', 'x.log', '--linger', '1'], /--linger is for what a port sends: it needs PORT/],
    [['replay', 'x.log', '--settle', '1'], /--settle is about a port: it needs PORT/],
    [['ping', 'sim:', '--size', '5-3'], /--size.*64, 1,16,254 or 1-32/],
    [['ping', 'sim:', '--window', '0'], /--window.*whole number from 1/],
    [['completion', 'csh'], /bash, zsh, fish/],
  ] as const)('sercom %j', async (commandLine, message) => {
    const { code, stdout, stderr } = await run(...commandLine);
    expect(stderr).toMatch(/^sercom: [^\n\x1b]*\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('a packet that is too long', async () => {
    const { code, stderr } = await run('send', 'sim:', '--text', 'a'.repeat(65_537));
    expect(stderr).toMatch(/^sercom: .*at most 65536 bytes.*\n$/);
    expect(code).toBe(2);
  });

  test('more on stdin than a packet can hold', async () => {
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

describe('a file that cannot be read exits with 1 and is named', () => {
  test.each([
    [['send', 'sim:', '--file', '/nowhere'], /--file: cannot read "\/nowhere"/],
    [['replay', '/nowhere'], /cannot read \/nowhere/],
    [['monitor', 'sim:', '--decode', 'protobuf:/nowhere:Pose'], /cannot load \/nowhere/],
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

  test('tells each default once, as it is', async () => {
    const help = (await run('ping', '--help')).stdout.replace(/\s+/g, ' ');
    expect(help).toContain('1,16,254 or 1-32 (default: 64) --interval');
    expect(help).toContain('(default: 0, sim: 50)');
    expect(help).toMatch(/1\.5 on Windows only .*mark and space on Windows only/);
  });

  test('tells what Ctrl-C gives in each command', async () => {
    expect((await run('--help')).stdout).toMatch(
      /130 in send and replay, 0 in monitor, list --watch and extcap, 0 or 1/,
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
    expect(await loaded('list')).toContain('serialport');
  });
});

test('sercom --version', async () => {
  const manifest = JSON.parse(await readFile(path.resolve(import.meta.dirname, '../package.json'), 'utf8'));
  expect(await run('--version')).toEqual({ code: 0, signal: null, stdout: `${manifest.version}\n`, stderr: '' });
});

describe('sercom list', () => {
  test('prints a table, or says that there are no ports', async () => {
    const { code, stdout, stderr } = await run('list');
    expect(code).toBe(0);
    expect(stdout + stderr).toMatch(
      /^PATH +VENDOR +PRODUCT +SERIAL NUMBER +MANUFACTURER\n|^sercom: there are no ports;.*\n$/,
    );
  });

  test('--json prints an array', async () => {
    const { code, stdout, stderr } = await run('list', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const ports: Record<string, unknown>[] = JSON.parse(stdout);
    expect(Array.isArray(ports)).toBe(true);
    for (const port of ports) {
      expect(Object.keys(port)).toEqual(['path', 'vendorId', 'productId', 'serialNumber', 'manufacturer']);
    }
  });
});

describe('sercom list --watch', () => {
  test('--watch begins with what is there, and ends by Ctrl-C with 0', async () => {
    const list = start('list', '--watch', '--json');
    const ports: { path: string }[] = JSON.parse((await run('list', '--json')).stdout);
    await list.printedLines(ports.length);
    // Ctrl-C may come before it watches only where there is no port to wait for.
    setTimeout(() => list.child.kill('SIGINT'), 500);
    const { code, stdout, stderr } = await list.outcome();
    expect(jsonLines(stdout).map(({ change, path }) => ({ change, path }))).toEqual(
      ports.map(({ path }) => ({ change: 'there', path })),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('a closed pipe ends it when a port comes or goes, else Ctrl-C does', async () => {
    const list = start('list', '--watch');
    // It listens for Ctrl-C from its first line on; where there are no ports, there is no such line.
    await Promise.race([once(list.child.stdout!, 'data'), delay(5_000)]);
    list.child.stdout!.destroy();
    list.child.kill('SIGINT');
    expect(await list.outcome()).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a port that cannot be opened exits with 1 and says why', () => {
  test('no such port', async () => {
    expect(await run('monitor', '/dev/nowhere')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sercom: .*\/dev\/nowhere.*no such port; there (is|are) .*\n$/),
    });
  });

  test('no serial port', async () => {
    const { code, stderr } = await run('monitor', '/dev/null');
    expect(stderr).toMatch(/^sercom: connection "\/dev\/null": this is no serial port; there .*\n$/);
    expect(code).toBe(1);
  });

  test('names come out escaped', async () => {
    const { code, stderr } = await run('send', 'a\x1b]0;x\x07=/dev/no\u202ewhere', '--text', 'x');
    expect(stderr).toMatch(
      /^sercom: [^\n\x1b\x07\u202e]*a\\x1b\]0;x\\x07[^\n\x1b\x07\u202e]*no\\u\{202e\}where[^\n]*\n$/,
    );
    expect(code).toBe(1);
  });

  test('one line for each that failed, and nothing from the others', async () => {
    const { code, stdout, stderr } = await run('monitor', 'a=/dev/nowhere', 'sim:', 'b=/dev/nothere');
    expect(stderr).toMatch(/^sercom: .*"a".*\nsercom: .*"b".*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
