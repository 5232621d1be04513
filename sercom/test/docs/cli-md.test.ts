import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { RunningProcess, SERCOM } from '../support/sercom-process.js';
import { TerminalProcess } from '../support/terminal-process.js';

const text = await readFile(path.resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8');

/** Where the examples have their device. */
const DEVICE_PATH = '/tmp/ttyACM0';

/** What the device of the examples sends: "hello", a frame that is cut, and two more packets. */
const DEVICE_SENDS = Buffer.from('000668656c6c6f0005010200051b5b324a000474ff0a00', 'hex');

/** Each command of the document with what it says that is printed. */
const examples = [...text.matchAll(/```console\n([^]*?)```/g)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((example) => {
      const [command = '', ...printed] = example.trimEnd().split('\n');
      return { command, printed: printed.join('\n') };
    }),
);

/** Takes away what differs from run to run, or from machine to machine. */
function normalized(printed: string): string {
  return printed
    .replaceAll('\r', '')
    .replace(/\d\d:\d\d:\d\d\.\d{6}/g, 'TIME')
    .replace(/"ts":"[^"]*"/g, '"ts":"TIME"')
    .replace(/ +\+\d+\.\d{6}/g, '+TIME')
    .replace(/ +[\d.]+ ms/g, ' N ms')
    .replace(/("(?:p\d\d|max|bytesPerSecond|seconds)":)[\d.]+/g, '$1N')
    .replace(/ +[\d.]+ (k?B\/s each way), [\d.]+ %/g, ' N B/s, N %')
    .replace(/, [\d.]+\/s,/g, ', N/s,')
    .replace(/\d+ bytes? came/g, 'N bytes came')
    .replace(/; (available: |no ports found).*/g, '; available: PORTS')
    .split('\n')
    .filter((line) => !/^ +N ms - N ms/.test(line))
    .join('\n')
    .trimEnd();
}

/** Runs an example as a shell does. */
async function run(command: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sercom-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const devicePath = path.join(folder, 'ttyACM0');
  const script = `sercom() { "${process.execPath}" "${SERCOM}" "$@"; }; { ${command.replaceAll(DEVICE_PATH, devicePath)}; } 2>&1`;
  if (!command.includes(DEVICE_PATH)) {
    return (await new RunningProcess('bash', ['-c', script]).outcome()).stdout;
  }
  const device = new Pty();
  onTestFinished(() => device.end());
  await device.open(devicePath);
  const running = new RunningProcess('bash', ['-c', script]);
  while ((await device.read().catch(() => [])).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (command.startsWith('sercom monitor')) {
    await device.write(DEVICE_SENDS);
  }
  return (await running.outcome()).stdout.replaceAll(devicePath, DEVICE_PATH);
}

describe.skipIf(!has('python3') || !has('bash'))('docs/cli.md shows what is printed (needs python3 and bash)', () => {
  test('there are examples of every command that opens ports, and of list', () => {
    for (const command of ['list', 'monitor', 'send', 'ping']) {
      expect(examples.some((example) => example.command.includes(`sercom ${command}`))).toBe(true);
    }
  });

  const onTerminal = (command: string) => command === 'sercom monitor sim:';
  const ofThisMachine = (command: string) => command.startsWith('sercom list');

  for (const { command, printed } of examples.filter(
    ({ command }) => !onTerminal(command) && !ofThisMachine(command),
  )) {
    test(command, async () => {
      expect(normalized(await run(command))).toBe(normalized(printed));
    });
  }

  test('sercom monitor sim: (on a terminal)', async () => {
    const example = examples.find(({ command }) => onTerminal(command))!;
    const terminal = new TerminalProcess(['monitor', 'sim:'], { columns: 150, env: { NO_COLOR: '1' } });
    await terminal.printed(/rx .*"hello 2"/);
    terminal.type('q');
    expect(normalized((await terminal.outcome()).stdout)).toBe(normalized(example.printed));
  });

  test('sercom list has the columns and fields that are shown', async () => {
    const [table, json] = examples.filter(({ command }) => ofThisMachine(command));
    const titles = (printed: string) => printed.split('\n')[0]!.split(/ {2,}/);
    const shown = titles(await run(table!.command));
    expect([titles(table!.printed), [expect.stringMatching(/^sercom: no serial ports found/)]]).toContainEqual(shown);
    for (const port of JSON.parse(await run(json!.command))) {
      expect(Object.keys(port)).toEqual(Object.keys(JSON.parse(json!.printed)[0]));
    }
  });
});
