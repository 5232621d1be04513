import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TcpDevice } from '../../../test/support/tcp-device.js';
import { jsonLines, type Outcome, RunningProcess, SERCOM } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PROFILES = {
  profiles: {
    bench: {
      ports: ['arm=sim:', 'leg=sim:'],
      count: 2,
      filter: ['dir=rx', 'text=hello'],
      json: true,
      'no-skip-first': true,
    },
    one: { ports: ['uno=sim:'], text: 'by profile', wait: 1 },
    slow: { ports: ['sim:'], timeout: 'never' },
    typo: { ports: ['sim:'], party: 'even' },
    uploader: { ports: ['sim:'], 'release-for': 'make upload' },
    nested: { ports: ['@bench'] },
    shown: { ports: ['uno=sim:'], json: true, changes: true },
    sender: { ports: ['uno=sim:'], json: true, hex: '01', repeat: 2, encode: 'cbor', 'no-reconnect': true },
    pair: { ports: ['arm=sim:', 'leg=sim:', 'sim:@115200', '/dev/nowhere'], wait: 1, json: true },
    'pair:extra': { ports: ['own=sim:'] },
    empty: { ports: [] },
    keeper: { ports: ['uno=sim:'], 'log-size': 5_000, force: true, lead: 2, encode: 'cbor' },
  },
};

/** The profiles shown in the documentation. */
const documented = JSON.parse(
  /^### Profiles\n[^]*?```json\n([^]*?)```/m.exec(
    await readFile(path.resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8'),
  )![1]!,
);

/** Runs `sercom` with the given configuration file. */
async function runWith(config: unknown, ...commandLine: string[]): Promise<Outcome> {
  const home = await temporaryFolder();
  if (config !== undefined) {
    await mkdir(path.join(home, 'sercom'));
    await writeFile(
      path.join(home, 'sercom/config.json'),
      typeof config === 'string' ? config : JSON.stringify(config),
    );
  }
  const running = new RunningProcess(process.execPath, [SERCOM, ...commandLine], { XDG_CONFIG_HOME: home });
  running.child.stdin!.end();
  return running.outcome();
}

describe('profiles', () => {
  test('provide ports and options', async () => {
    const { code, stdout, stderr } = await runWith(PROFILES, 'monitor', '@bench');
    const packets = jsonLines(stdout);
    expect(packets.map(({ name }) => name).sort()).toEqual(['arm', 'leg']);
    expect(packets.map(({ dir }) => dir)).toEqual(['rx', 'rx']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('are overridden by the command line', async () => {
    const { stdout } = await runWith(PROFILES, 'monitor', '@bench', '-n', '1', 'more=sim:');
    expect(jsonLines(stdout)).toHaveLength(1);
  });

  test('serve every command: options that it does not have are ignored', async () => {
    const { code, stdout } = await runWith(PROFILES, 'send', '@one', '--json');
    expect(jsonLines(stdout)).toMatchObject([{ name: 'uno', hex: Buffer.from('by profile').toString('hex') }]);
    expect(code).toBe(0);
  });

  test('serve every command that opens ports, as the documented one does', async () => {
    const { bench } = documented.profiles;
    expect(bench.ports).toHaveLength(1);
    const config = { profiles: { bench: { ...bench, ports: ['arm=sim:'] } } };
    const log = path.join(await temporaryFolder(), 'bench.log');
    await writeFile(log, '(1700000000.000000) arm tx#68656c6c6f\n');
    const outcomes = await Promise.all([
      runWith(config, 'monitor', '@bench', '-n', '1', '--json'),
      runWith(config, 'send', '@bench', '--text', 'hello', '--wait', '1', '--json'),
      runWith(config, 'ping', '@bench', '-n', '2', '--timeout', '10', '--json'),
      runWith(config, 'replay', log, '@bench', '--linger', '1', '--json'),
    ]);
    const [monitor, send, ping, replay] = outcomes.map(({ stdout }) => jsonLines(stdout));
    expect(monitor!.map(({ dir }) => dir)).toEqual(['tx', 'rx']);
    expect(send).toMatchObject([{ name: 'arm', hex: '68656c6c6f' }]);
    expect(ping).toMatchObject([{ sent: 2, received: 2 }]);
    expect(replay!.map(({ dir, hex }) => ({ dir, hex }))).toEqual([
      { dir: 'tx', hex: '68656c6c6f' },
      { dir: 'rx', hex: '68656c6c6f' },
    ]);
    // Only monitor and replay print statistics.
    expect(outcomes.map(({ code, stderr }) => ({ code, lines: stderr.split('\n').length - 1 }))).toEqual([
      { code: 0, lines: 1 },
      { code: 0, lines: 0 },
      { code: 0, lines: 0 },
      { code: 0, lines: 1 },
    ]);
  });

  test('serve ports of this machine and of the network: options that fit none of the ports are ignored', async () => {
    const device = await TcpDevice.listen();
    onTestFinished(() => device.close());
    const profile = {
      ports: ['usb=sim:', `far=${device.path}`],
      'stop-bits': 2,
      'keep-alive': 9_000,
      'tls-ca': 'none',
    };
    for (const name of ['usb', 'far']) {
      const outcome = await runWith({ profiles: { mixed: profile } }, 'ping', `@mixed:${name}`, '-n', '1', '--json');
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
    }
    // On the command line, they are refused.
    const { code, stderr } = await runWith({ profiles: { mixed: profile } }, 'ping', '@mixed:far', '--parity', 'even');
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--parity cannot be used with'),
    });
  });

  test.each([
    [['monitor', '@shown', '-n', '1', '--format', '%d'], 'tx\nrx\n'],
    [['send', '@sender', '--text', '"hi"', '--wait', '1', '--format', '%p'], '\x62hi\n\x62hi\n'],
    [['send', '@sender', '--hex', '02', '--wait', '1', '--await-port', '--format', '%x'], '02\n02\n'],
    [['monitor', '@keeper', '-n', '1', '--format', '%d'], 'tx\nrx\n'],
  ])('%j overrides options of the profile that it excludes', async (commandLine, printed) => {
    const { code, stdout } = await runWith(PROFILES, ...commandLine);
    expect({ code, stdout }).toEqual({ code: 0, stdout: printed });
  });

  test.each([
    ['@pair:arm', 'arm'],
    ['@pair:leg', 'leg'],
    ['@pair:sim:', 'sim:'],
    // A profile whose own name has a colon comes first.
    ['@pair:extra', 'own'],
    // A profile with one port may be written in the same way.
    ['@one:uno', 'uno'],
  ])('%s is one port of a profile, with the options of the profile', async (port, name) => {
    const { code, stdout } = await runWith(PROFILES, 'send', port, '--text', 'by name', '--wait', '1', '--json');
    expect(jsonLines(stdout)).toMatchObject([{ name, hex: Buffer.from('by name').toString('hex') }]);
    expect(code).toBe(0);
  });

  test('several ports of a profile can be chosen, but not all', async () => {
    const { stdout } = await runWith(PROFILES, 'monitor', '@pair:arm', '@pair:leg', '-n', '2');
    const packets = jsonLines(stdout).filter(({ dir }) => dir === 'rx');
    expect(packets.map(({ name }) => name).sort()).toEqual(['arm', 'leg']);
  });

  test.each([
    [
      'send',
      '@pair',
      /^sercom: send needs exactly one port, but @pair has 4; choose one: @pair:arm, @pair:leg, @pair:sim:, @pair:\/dev\/nowhere\n$/,
    ],
    ['replay x.log', '@empty', /^sercom: replay needs exactly one port, but @empty has none; name one\n$/],
    ['send', '@pair:lge', /^sercom: \S*config\.json: profile "pair": unknown port "lge"; Did you mean @pair:leg\?\n$/],
    ['send', '@pair:', /^sercom: \S*config\.json: profile "pair": unknown port ""; available: @pair:arm, /],
  ])('%s %s is a usage error that says what can be chosen', async (command, port, message) => {
    const { code, stdout, stderr } = await runWith(PROFILES, ...command.split(' '), port);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('with options that exclude each other are a usage error', async () => {
    const { code, stdout, stderr } = await runWith(PROFILES, 'monitor', '@shown');
    expect(stderr).toBe('sercom: profile @shown: --changes cannot be used with --json\n');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each([
    ['@bnech', /unknown profile "bnech" in .*config\.json; Did you mean @bench\?/],
    [
      '@slow',
      /config\.json: profile "slow": "timeout": invalid value "never"; expected a number of seconds above 0, up to \d+$/m,
    ],
    ['@uploader', /: "release-for" cannot be in a profile; give --release-for on the command line/],
    ['@typo', /config\.json: profile "typo": unknown option "party"; Did you mean "parity"\?/],
    ['@nested', /config\.json: profile "nested": "ports" is not an array of ports/],
  ])('%s is a usage error', async (port, message) => {
    const { code, stdout, stderr } = await runWith(PROFILES, 'monitor', port);
    expect(stderr).toMatch(/^sercom: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each([
    ['missing', undefined, /profiles: cannot read \S+config\.json: no such file; create it with \{"profiles"/],
    ['broken', '{', /config\.json: invalid JSON: .*; correct the file/],
    ['null', 'null', /config\.json: expected \{"profiles"/],
    ['a number', '7', /config\.json: expected \{"profiles"/],
    [
      'without a profile of that name',
      '\ufeff{"profiles": {}}',
      /unknown profile "bench" in \S+config\.json; it defines none$/m,
    ],
    ['of the wrong shape', { profiles: [] }, /config\.json: expected \{"profiles"/],
  ])('in a configuration file that is %s are a usage error', async (_, config, message) => {
    const { code, stderr } = await runWith(config, 'monitor', '@bench');
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test.each([
    ['is not set', undefined],
    ['is a relative path, which the XDG specification says to ignore', 'sercom-test'],
  ])('are in ~/.config if XDG_CONFIG_HOME %s', async (_, folder) => {
    const home = await temporaryFolder();
    await mkdir(path.join(home, '.config/sercom'), { recursive: true });
    await writeFile(path.join(home, '.config/sercom/config.json'), JSON.stringify(PROFILES));
    const env = { HOME: home, XDG_CONFIG_HOME: folder };
    const { stdout } = await new RunningProcess(process.execPath, [SERCOM, 'completion', 'ports'], env).outcome();
    expect(stdout.split('\n')).toContain('@bench');
  });

  test('are offered as ports by the completion', async () => {
    const { stdout } = await runWith(PROFILES, 'completion', 'ports');
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['sim:', '@bench', '@bench:arm', '@bench:leg', '@one', '@pair:sim:']),
    );
    expect(stdout).not.toContain('@one:');
  });
});
