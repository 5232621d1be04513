import { describe, expect, test } from 'vitest';
import { jsonLines, run, start } from '../../support/sercom-process.js';

const LINE = /^\d\d:\d\d:\d\d\.\d{6} {2}(\S+) {2}(rx|tx) +(\d+) {2}([0-9a-f ]*?) *"(.*)"$/;

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
});
