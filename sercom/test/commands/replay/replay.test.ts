import { link, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { jsonLines, RunningProcess, run, SERCOM, start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestPort } from '../../support/test-port.js';

const LOG = `# bench
(1700000000.000000) arm tx#68656c6c6f2031
(1700000000.010500) arm rx#68656c6c6f2031
(1700000000.050000) leg rx!malformed/3#050102
(1700000000.070000) leg tx#7b2261223a317d
`;

async function fileOf(text: string): Promise<string> {
  const file = path.join(await temporaryFolder(), 'bench.log');
  await writeFile(file, text);
  return file;
}

/** The times of a log's records, in milliseconds, and the records. */
function moments(log: string): { ms: number; record: string }[] {
  return log
    .trim()
    .split('\n')
    .map((line) => {
      const [, seconds, record] = /^\((\d+\.\d{6})\) \S+ (.*)$/.exec(line)!;
      return { ms: Number(seconds) * 1_000, record: record! };
    });
}

/**
 * How far a replay is from the times of the recording, in ms. A busy machine makes packets late, but not all of them, and
 * none early. So each packet is compared with the schedule that begins at the most punctual one, and each third of the
 * replay is judged by its most punctual eighth: a wrong speed, delays that add up and packets without a schedule move all
 * packets of a third.
 */
function scheduleError(played: { ms: number }[], original: { ms: number }[], speed = 1): number {
  const shifts = played.map(({ ms }, index) => ms - (original[index]!.ms - original[0]!.ms) / speed);
  const least = Math.min(...shifts);
  const size = Math.ceil(shifts.length / 3);
  const thirds = [0, 1, 2].map((third) => shifts.slice(third * size, (third + 1) * size).sort((a, b) => a - b));
  return Math.max(...thirds.map((third) => third[Math.floor(third.length / 8)]! - least));
}

/** The accuracy of replay on an idle machine. */
const TOLERANCE_MS = 2;

/** Errors of the program occur in every attempt, disturbances by the rest of the machine do not. */
const ATTEMPTS = 10;

/** Replays until the times are right, and returns the smallest error. */
async function smallestError(replay: () => Promise<number>): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && smallest >= TOLERANCE_MS; attempt++) {
    smallest = Math.min(smallest, await replay());
  }
  return smallest;
}

describe('sercom replay FILE', () => {
  test('prints a log like monitor does', async () => {
    const { code, stdout, stderr } = await run('replay', await fileOf(LOG), '-t', 'start');
    expect(stdout.split('\n')).toEqual([
      '   +0.000000  arm  tx      7  68 65 6c 6c 6f 20 31     "hello 1"',
      '   +0.010500  arm  rx      7  68 65 6c 6c 6f 20 31     "hello 1"',
      '   +0.050000  leg  rx      3  05 01 02                 rejected: malformed',
      '   +0.070000  leg  tx      7  7b 22 61 22 3a 31 7d     "{\\"a\\":1}"',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('supports formats, decoders, filters and directions', async () => {
    const file = await fileOf(LOG);
    expect(
      (await run('replay', file, '--dir', 'tx', '--reject', 'name=arm', '--decode', 'json', '--json')).stdout,
    ).toBe(
      '{"ts":"2023-11-14T22:13:20.070000Z","name":"leg","dir":"tx","length":7,"hex":"7b2261223a317d","decoded":{"a":1}}\n',
    );
    expect((await run('replay', file, '--dir', 'rx', '--format', '%U %t %e %x')).stdout).toBe(
      '1700000000.010500 arm  68656c6c6f2031\n1700000000.050000 leg malformed 050102\n',
    );
  });

  test('reads stdin, and converts a log to a capture and back', async () => {
    const folder = await temporaryFolder();
    const capture = path.join(folder, 'bench.pcapng');
    const again = path.join(folder, 'again.log');
    const first = start('replay', '-', '--pcapng', capture, '--decode', 'text');
    first.child.stdin!.end(LOG);
    expect(await first.outcome()).toMatchObject({ code: 0, stderr: '' });
    expect(await run('replay', capture, '--log', again)).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(again, 'utf8')).toBe(LOG.replace('# bench\n', ''));
  });

  test('leaves no capture behind if the log has a frame that a capture cannot hold', async () => {
    const log = await fileOf('(1.000000) arm rx!malformed/4294967296#00\n');
    const { code, stderr } = await run('replay', log, '--pcapng', path.join(path.dirname(log), 'bench.pcapng'));
    expect(stderr).toMatch(
      /^sercom: \S+bench\.log: line 1: a frame of 4294967296 bytes; the longest is 4294967295 bytes\n$/,
    );
    expect(code).toBe(1);
    expect(await readdir(path.dirname(log))).toEqual(['bench.log']);
  });

  test('keeps the recorded spacing if asked to', async () => {
    const startedAt = performance.now();
    const replay = start('replay', await fileOf(LOG.replace('00.07', '12.07')), '--speed', '4', '--format', '%l');
    await replay.printedLines(4);
    // The first line is printed after the start, so on a busy machine the last can be late, but never early.
    expect(performance.now() - startedAt).toBeGreaterThan(12_070 / 4);
  });

  test('escapes what is in a recording', async () => {
    const { stdout } = await run('replay', await fileOf('(1.000000) a%1B[2J rx#1b5d303b7807\n'));
    expect(stdout).toMatch(/ a\\x1b\[2J {2}rx .* "\\x1b\]0;x\\x07"\n$/);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f]/);
  });

  test('repeats', async () => {
    const { stdout } = await run('replay', await fileOf(LOG), '--loop', '3', '--format', '%d');
    expect(stdout).toBe('tx\nrx\nrx\ntx\n'.repeat(3));
  });

  test('repeats forever, until its output pipe is closed', async () => {
    const replay = start('replay', await fileOf(LOG), '--loop', '--json');
    await replay.printedLines(100);
    replay.child.stdout!.destroy();
    expect(await replay.outcome()).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('Ctrl-C ends it with exit code 130', async () => {
    const replay = start('replay', await fileOf(LOG.replace('00.07', '99.07')), '--speed', '1', '--json');
    await replay.printedLines(3);
    replay.child.kill('SIGINT');
    expect(await replay.outcome()).toMatchObject({ code: 130, signal: null });
  });

  test.each([
    ['printed', []],
    ['sent', ['sim:']],
  ])('Ctrl-C ends it while it waits for stdin, which is %s', async (_, port) => {
    const replay = start('replay', '-', ...port, '--json');
    replay.child.stdin!.write('(1700000000.000001) arm tx#6869\n');
    await replay.printedLines(1);
    replay.child.kill('SIGINT');
    expect(await replay.outcome()).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(port.length === 0 ? /^$/ : /^sercom: received [^\n]*\n$/),
    });
  });

  test('an empty recording prints nothing, even in a loop', async () => {
    expect(await run('replay', await fileOf(''), '--loop')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test.each<[string, () => Promise<string>, number, RegExp]>([
    [
      'a missing file',
      async () => '/nowhere.log',
      1,
      /^sercom: cannot read \/nowhere\.log: no such file; check its name\n$/,
    ],
    ['an invalid line', () => fileOf(`${LOG}what?\n`), 1, /^sercom: .*bench\.log: line 6: not a line of a log; .*\n$/],
  ])('reports %s', async (_, makeFile, code, message) => {
    const outcome = await run('replay', await makeFile());
    expect(outcome.stderr).toMatch(message);
    expect(outcome.code).toBe(code);
  });

  test.each([
    [['-', '--loop', '2'], /--loop: stdin can be read only once/],
    [['x.log', '--speed', '-1'], /--speed.*a number from 0/],
    [['x.log', '--dir', 'up'], /rx, tx, both/],
    [['x.log', '--filter', 'up'], /--filter "up": unknown condition "up"/],
    [['x.log', '--format', '%q'], /--format: invalid sequence "%q"/],
    [['x.log', '--decode', 'yaml'], /--decode: unknown decoder "yaml"/],
  ])('%j is a usage error', async (commandLine, message) => {
    const { code, stderr } = await run('replay', ...commandLine);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^[^\n]*\n$/);
    expect(code).toBe(2);
  });
});

describe('a file that is read, or already written, is rejected as output', () => {
  test.each([
    ['the same path', (log: string) => [log, '--log', log]],
    [
      'another path',
      (log: string) => [log, '--log', `${path.dirname(log)}/../${path.basename(path.dirname(log))}/bench.log`],
    ],
    ['a symbolic link', (log: string) => [log, '--log', `${path.dirname(log)}/symbolic`]],
    ['a hard link', (log: string) => [`${path.dirname(log)}/hard`, '--log', log]],
    ['a capture', (log: string) => [log, '--pcapng', log]],
  ])('replay: %s', async (_, filesOf) => {
    const log = await fileOf(LOG);
    await symlink(log, path.join(path.dirname(log), 'symbolic'));
    await link(log, path.join(path.dirname(log), 'hard'));
    const { code, stdout, stderr } = await run('replay', ...filesOf(log), '--force');
    expect(stderr).toMatch(/^sercom: --(log|pcapng): \S+ is the recording being replayed; choose another file\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readFile(log, 'utf8')).toBe(LOG);
  });

  test('stdin', async () => {
    const log = await fileOf(LOG);
    const script = '"$0" "$1" replay - --log "$2" --force < "$2"';
    const { code, stderr } = await new RunningProcess('sh', ['-c', script, process.execPath, SERCOM, log]).outcome();
    expect(stderr).toMatch(/^sercom: --log: \S+ is the recording being replayed; choose another file\n$/);
    expect(code).toBe(2);
    expect(await readFile(log, 'utf8')).toBe(LOG);
  });

  test('log and capture', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await run(
      'monitor',
      'sim:',
      '--log',
      `${folder}/a`,
      '--pcapng',
      `${folder}/./a`,
      '--force',
    );
    expect(stderr).toMatch(/^sercom: --pcapng: \S+ is already written by --log; choose another file\n$/);
    expect(code).toBe(2);
    expect(await readdir(folder)).toEqual([]);
  });

  test('except devices, which can be written several times', async () => {
    const { code, stdout } = await run(
      'replay',
      await fileOf(LOG),
      '--log',
      '/dev/null',
      '--pcapng',
      '/dev/null',
      '--json',
    );
    expect(jsonLines(stdout)).toHaveLength(4);
    expect(code).toBe(0);
  });
});

describe('sercom replay FILE PORT', () => {
  test('sends what was sent with its spacing, and shows the replies', async () => {
    const folder = await temporaryFolder();
    const [original, played] = ['a.log', 'b.log'].map((name) => path.join(folder, name)) as [string, string];
    // Recorded from the simulated board: lines of stdin, at uneven times, and their echoes.
    const command = `for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do echo packet $n; sleep 0.0$((n * 37 % 9 + 1)); done; sleep 1`;
    const monitor = new RunningProcess('sh', [
      '-c',
      `(${command}) | "$0" "$1" monitor sim: --input text -n 15 --log "$2"`,
      process.execPath,
      SERCOM,
      original,
    ]);
    expect(await monitor.outcome()).toMatchObject({ code: 0, stderr: '' });
    const sent = moments(await readFile(original, 'utf8')).filter(({ record }) => record.startsWith('tx'));
    expect(sent).toHaveLength(15);

    const error = await smallestError(async () => {
      const options = ['--log', played, '--force', '--linger', '1', '--json'];
      const { code, stdout, stderr } = await run('replay', original, 'sim:', ...options);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(jsonLines(stdout)).toHaveLength(30);
      const all = moments(await readFile(played, 'utf8'));
      const sentAgain = all.filter(({ record }) => record.startsWith('tx'));
      const answers = all.filter(({ record }) => record.startsWith('rx'));
      expect(sentAgain.map(({ record }) => record)).toEqual(sent.map(({ record }) => record));
      expect(answers.map(({ record }) => record.replace('rx', 'tx'))).toEqual(sent.map(({ record }) => record));
      return scheduleError(sentAgain, sent);
    });
    expect(error).toBeLessThan(TOLERANCE_MS);
  }, 120_000);

  test.skipIf(!has('socat'))(
    'keeps the spacing of many packets at any speed, without drift (needs socat)',
    async () => {
      const { path: port } = await openTestPort();
      const folder = await temporaryFolder();
      const original = path.join(folder, 'a.log');
      const gapsUs = Array.from({ length: 60 }, (_, index) => 2_000 + ((index * 7_919) % 30_000));
      let timeUs = 1_700_000_000_000_000;
      const lines = gapsUs.map((gap, index) => {
        timeUs += gap;
        return `(${Math.floor(timeUs / 1e6)}.${String(timeUs % 1e6).padStart(6, '0')}) arm tx#${String(index).padStart(2, '0')}\n`;
      });
      await writeFile(original, lines.join(''));
      const before = moments(lines.join(''));
      for (const speed of [1, 2.5]) {
        const error = await smallestError(async () => {
          const played = path.join(folder, 'b.log');
          const options = ['--speed', `${speed}`, '--log', played, '--force', '--filter', 'dir=tx', '--linger', '0'];
          expect(await run('replay', original, port, ...options)).toMatchObject({ code: 0, stderr: '' });
          const after = moments(await readFile(played, 'utf8'));
          expect(after.map(({ record }) => record)).toEqual(before.map(({ record }) => record));
          return scheduleError(after, before, speed);
        });
        expect(error).toBeLessThan(TOLERANCE_MS);
      }
    },
    180_000,
  );

  test('sends what was received if asked to, and counts the frames that it cannot send', async () => {
    const { code, stdout, stderr } = await run('replay', await fileOf(LOG), 'uno=sim:', '--dir', 'rx', '--json');
    expect(jsonLines(stdout)).toMatchObject([
      { name: 'uno', dir: 'tx', hex: '68656c6c6f2031' },
      { name: 'uno', dir: 'rx', hex: '68656c6c6f2031' },
    ]);
    expect(stderr).toMatch(/^sercom: 1 rejected frame of .*bench\.log cannot be sent\n$/);
    expect(code).toBe(0);
  });

  test('fails if there is nothing to send', async () => {
    const { code, stderr } = await run('replay', await fileOf('(1.000000) arm rx#00\n'), 'sim:', '--loop');
    expect(stderr).toMatch(/^sercom: .*bench\.log has 1 record, but none to send; use --dir rx .*\n$/);
    expect(code).toBe(1);
  });

  test('Ctrl-C ends it with exit code 130', async () => {
    const replay = start('replay', await fileOf(LOG), 'sim:', '--loop', '--json');
    await replay.printedLines(4);
    replay.child.kill('SIGINT');
    expect(await replay.outcome()).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/^sercom: received \d+ /),
    });
  });
});
