import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { has } from '../../test/support/tools.js';
import { jsonLines, type Outcome, RunningProcess, SERCOM } from './support/sercom-process.js';
import { temporaryFolder } from './support/temporary-folder.js';

const FOLDER = path.dirname(SERCOM);

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
    nested: { ports: ['@bench'] },
    shown: { ports: ['uno=sim:'], json: true, changes: true },
    sender: { ports: ['uno=sim:'], json: true, hex: '01', repeat: 2, encode: 'cbor', 'no-reconnect': true },
    keeper: { ports: ['uno=sim:'], 'log-size': 5_000, force: true, lead: 2, encode: 'cbor' },
  },
};

/** The profiles that the documentation shows. */
const documented = JSON.parse(
  /^### Profiles\n[^]*?```json\n([^]*?)```/m.exec(
    await readFile(path.resolve(import.meta.dirname, '../../docs/cli.md'), 'utf8'),
  )![1]!,
);

/** Runs `sercom` with that configuration file. */
async function runWith(config: unknown, ...commandLine: string[]): Promise<Outcome> {
  const home = await mkdtemp(path.join(tmpdir(), 'sercom-'));
  onTestFinished(() => rm(home, { recursive: true }));
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
  test('give ports and options', async () => {
    const { code, stdout, stderr } = await runWith(PROFILES, 'monitor', '@bench');
    const packets = jsonLines(stdout);
    expect(packets.map(({ name }) => name).sort()).toEqual(['arm', 'leg']);
    expect(packets.map(({ dir }) => dir)).toEqual(['rx', 'rx']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('give way to the command line', async () => {
    const { stdout } = await runWith(PROFILES, 'monitor', '@bench', '-n', '1', 'more=sim:');
    expect(jsonLines(stdout)).toHaveLength(1);
  });

  test('are of use to every command: what it has no option for is left out', async () => {
    const { code, stdout } = await runWith(PROFILES, 'send', '@one', '--json');
    expect(jsonLines(stdout)).toMatchObject([{ name: 'uno', hex: Buffer.from('by profile').toString('hex') }]);
    expect(code).toBe(0);
  });

  test('the one of the documentation serves every command that takes a port', async () => {
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
    // Only the monitor has statistics to tell.
    expect(outcomes.map(({ code, stderr }) => ({ code, lines: stderr.split('\n').length - 1 }))).toEqual([
      { code: 0, lines: 1 },
      { code: 0, lines: 0 },
      { code: 0, lines: 0 },
      { code: 0, lines: 0 },
    ]);
  });

  test.each([
    [['monitor', '@shown', '-n', '1', '--format', '%d'], 'tx\nrx\n'],
    [['send', '@sender', '--text', '"hi"', '--wait', '1', '--format', '%p'], '\x62hi\n\x62hi\n'],
    [['send', '@sender', '--hex', '02', '--wait', '1', '--await-port', '--format', '%x'], '02\n02\n'],
    [['monitor', '@keeper', '-n', '1', '--format', '%d'], 'tx\nrx\n'],
  ])('what %j says goes before options that cannot go with it', async (commandLine, printed) => {
    const { code, stdout } = await runWith(PROFILES, ...commandLine);
    expect({ code, stdout }).toEqual({ code: 0, stdout: printed });
  });

  test('options of a profile that cannot go together are wrong use', async () => {
    const { code, stdout, stderr } = await runWith(PROFILES, 'monitor', '@shown');
    expect(stderr).toBe('sercom: profile: --changes cannot be used with --json; leave out one of them\n');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each([
    ['@bnech', /there is no profile "bnech" in .*config\.json; Did you mean @bench\?/],
    ['@slow', /config\.json: profile "slow": "timeout": "never" cannot be used\. It takes a number of seconds/],
    ['@typo', /config\.json: profile "typo": there is no option "party"; Did you mean "parity"\?/],
    ['@nested', /config\.json: profile "nested": "ports" takes an array of ports/],
  ])('%s is wrong use', async (port, message) => {
    const { code, stdout, stderr } = await runWith(PROFILES, 'monitor', port);
    expect(stderr).toMatch(/^sercom: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each([
    ['none', undefined, /there is no .*config\.json; write \{"profiles"/],
    ['broken', '{', /config\.json: .*JSON/],
    ['of another shape', { profiles: [] }, /config\.json: it takes \{"profiles"/],
  ])('a configuration file that is %s is wrong use', async (_, config, message) => {
    const { code, stderr } = await runWith(config, 'monitor', '@bench');
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test('are offered as ports', async () => {
    const { stdout } = await runWith(PROFILES, 'completion', 'ports');
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['sim:', '@bench', '@one']));
  });
});

/** What bash offers after a line. */
async function offered(line: string): Promise<string[]> {
  const script = `
    sercom() { "${process.execPath}" "${SERCOM}" "$@"; }
    source <(sercom completion bash)
    COMP_LINE=$1 COMP_POINT=\${#1}
    # Bash splits words at these, too.
    read -ra COMP_WORDS <<<"\${1//[=:@]/ & }"
    [[ $1 == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _sercom
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await new RunningProcess('bash', ['-c', script, 'bash', line]).outcome();
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe.skipIf(!has('bash'))('completion in bash (needs bash)', () => {
  test.each([
    ['sercom mon', ['monitor']],
    ['sercom monitor --par', ['--parity']],
    ['sercom monitor --parity o', ['odd']],
    ['sercom monitor --decode ', ['text', 'json', 'cbor', 'msgpack']],
    ['sercom extcap --decode b', ['bytes']],
    ['sercom monitor si', ['sim:']],
    ['sercom completion f', ['fish']],
    ['sercom ping --w', ['--window']],
    ['sercom list --', ['--json', '--watch', '--help']],
  ])('%j', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  test('a port with a colon is offered from behind it', async () => {
    // "sim:" is there already: nothing is left to add, and nothing is added twice.
    expect(await offered('sercom monitor sim:')).toEqual([]);
  });

  test('files where files are meant', async () => {
    expect(await offered(`sercom monitor --log ${FOLDER}/serc`)).toEqual(
      expect.arrayContaining([`${FOLDER}/sercom.js`]),
    );
  });
});

describe('completion in other shells', () => {
  const script = (shell: string) => runWith(undefined, 'completion', shell);

  test.each(['bash', 'zsh', 'fish'])('%s knows every command and option', async (shell) => {
    const { code, stdout } = await script(shell);
    for (const word of ['monitor', 'send', 'ping', 'list', 'completion', 'parity', 'window', 'watch', 'pcapng']) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain('text json cbor msgpack');
    expect(code).toBe(0);
  });

  for (const shell of ['bash', 'zsh', 'fish']) {
    test.skipIf(!has(shell))(`${shell} takes it without complaint (needs ${shell})`, async () => {
      const { stdout } = await script(shell);
      const file = path.join(await mkdtemp(path.join(tmpdir(), 'sercom-')), 'completion');
      onTestFinished(() => rm(path.dirname(file), { recursive: true }));
      await writeFile(file, stdout);
      expect(await new RunningProcess(shell, ['-n', file]).outcome()).toMatchObject({ code: 0, stderr: '' });
    });
  }
});
