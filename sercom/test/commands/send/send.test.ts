import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { jsonLines, type Outcome, run, start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const LINE = /^\d\d:\d\d:\d\d\.\d{6} {2}(\S+) {2}(rx|tx) +(\d+) {2}([0-9a-f ]*?) *"(.*)"$/;

/** Runs `sercom send sim:` with input on stdin. */
function withInput(input: string, ...options: string[]): Promise<Outcome> {
  const send = start('send', 'sim:', ...options);
  send.child.stdin!.end(input);
  return send.outcome();
}

describe('sercom send sim:', () => {
  test.each([
    [['--text', 'hällo'], '68c3a46c6c6f'],
    [['--text', ''], ''],
    [['--text', '--hex'], '2d2d686578'],
    [['--hex', '00:01 fF'], '0001ff'],
    [['--hex', ''], ''],
  ])('%j', async (what, hex) => {
    const { code, stdout, stderr } = await run('send', 'sim:', ...what, '--wait', '1', '--json');
    expect(jsonLines(stdout)).toEqual([
      { ts: expect.any(String), name: 'sim:', dir: 'rx', length: hex.length / 2, hex },
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--stdin sends all of stdin as one packet', async () => {
    const send = start('send', 'uno=sim:', '--stdin', '--wait', '1', '--json');
    send.child.stdin!.write('one\n');
    send.child.stdin!.end('two\n');
    expect(jsonLines((await send.outcome()).stdout)).toMatchObject([{ name: 'uno', hex: '6f6e650a74776f0a' }]);
  });

  test('replies are printed in the line format of monitor, escaped', async () => {
    const { stdout } = await run('send', 'sim:', '--hex', '1b 5b 32 4a c2 9b ff e2 80 ae', '--wait', '1');
    expect(LINE.exec(stdout.trimEnd())?.slice(1)).toEqual([
      'sim:',
      'rx',
      '10',
      '1b 5b 32 4a c2 9b ff e2 80 ae',
      '\\x1b[2J\\u{9b}\\xff\\u{202e}',
    ]);
  });

  test('prints nothing without --wait', async () => {
    expect(await run('send', 'sim:', '--text', 'x')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test('prints the replies that arrive, and exits with 3 if they are too few', async () => {
    const { code, stdout, stderr } = await run(
      'send',
      'sim:',
      '--text',
      'x',
      '--wait',
      '2',
      '--timeout',
      '1',
      '--json',
    );
    expect(jsonLines(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/^sercom: only 1 of 2 replies from "sim:" within 1 second; .*\n$/);
    expect(code).toBe(3);
  });

  test('Ctrl-C exits with 130 and one line of totals', async () => {
    const send = start('send', 'sim:', '--text', 'x', '--wait', '2', '--timeout', '20');
    await send.printed(/rx/);
    send.child.kill('SIGINT');
    const { code, signal, stderr } = await send.outcome();
    expect(stderr).toBe('sercom: received 1 packet (1 byte), sent 1 packet (1 byte)\n');
    expect({ code, signal }).toEqual({ code: 130, signal: null });
  });

  test('--input text sends the bytes of each line unchanged', async () => {
    const send = start('send', 'sim:', '--input', 'text', '--wait', '1', '--json');
    send.child.stdin!.end(Buffer.from('efbbbf410afffe0d0aefbbbf', 'hex'));
    const { code, stdout } = await send.outcome();
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(['efbbbf41', 'fffe', 'efbbbf']);
    expect(code).toBe(0);
  });

  test.each(['hex', 'json'])('--input %s accepts only UTF-8 and ignores a byte order mark', async (kind) => {
    const running = start('send', 'sim:', '--input', kind, '--wait', '1', '--json');
    running.child.stdin!.end(Buffer.from('efbbbf31310a22ff220a', 'hex'));
    const { code, stdout, stderr } = await running.outcome();
    expect(jsonLines(stdout)).toMatchObject([{ hex: kind === 'hex' ? '11' : '0b' }]);
    expect(stderr).toBe('sercom: invalid UTF-8: "\\"\\xff\\""; send other bytes as hex\n');
    expect(code).toBe(2);
  });

  test('--input sends a packet per line and waits for the replies to each', async () => {
    const { code, stdout } = await withInput('01\n0203\n', '--input', 'hex', '--wait', '1', '--json');
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(['01', '0203']);
    expect(code).toBe(0);
  });

  test('--input exits with 2 at an invalid line', async () => {
    const { code, stderr } = await withInput('01\nno\n', '--input', 'hex', '--wait', '1');
    expect(stderr).toMatch(/invalid hex "no"/);
    expect(code).toBe(2);
  });

  test('--file sends a file, --repeat repeatedly, --interval at intervals', async () => {
    const file = path.join(await temporaryFolder(), 'packet');
    await writeFile(file, Uint8Array.of(0, 1, 255));
    const { stdout } = await run(
      ...['send', 'sim:', '--file', file, '--repeat', '3', '--interval', '0.2', '--wait', '1', '--json'],
    );
    const replies = jsonLines(stdout);
    expect(replies.map(({ hex }) => hex)).toEqual(['0001ff', '0001ff', '0001ff']);
    const times = replies.map(({ ts }) => Date.parse(ts as string));
    expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(399);
  });

  test('--encode encodes JSON as CBOR', async () => {
    const { stdout } = await run('send', 'sim:', '--text', '[1,"x",null]', '--encode', 'cbor', '--wait', '1', '--json');
    expect(jsonLines(stdout)).toMatchObject([{ hex: '83016178f6' }]);
  });
});
