import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { RunningProcess, SERCOM } from '../support/sercom-process.js';
import { TerminalProcess } from '../support/terminal-process.js';

const text = await readFile(path.resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8');

/** The path of the device in the examples. */
const DEVICE_PATH = '/tmp/ttyACM0';

/** What this device sends: "hello", a truncated frame, and two more packets. */
const DEVICE_SENDS = Buffer.from('000668656c6c6f0005010200051b5b324a000474ff0a00', 'hex');

/** Each command of the page, with the output shown. */
const examples = [...text.matchAll(/```console\n([^]*?)```/g)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((example) => {
      const [command = '', ...printed] = example.trimEnd().split('\n');
      return { command, printed: printed.join('\n') };
    }),
);

/** Removes what differs between runs or machines. */
function normalized(printed: string): string {
  return printed
    .replaceAll('\r', '')
    .replace(/\d\d:\d\d:\d\d\.\d{6}/g, 'TIME')
    .replace(/"ts":"[^"]*"/g, '"ts":"TIME"')
    .replace(/ +\+\d+\.\d{6}/g, '+TIME')
    .replace(/ +[\d.]+ ms/g, ' N ms')
    .replace(/("(?:p\d\d|max|bytesPerSecond|seconds)":)[\d.]+/g, '$1N')
    .replace(/ +[\d.]+ k?B\/s in each direction, [\d.]+ %/g, ' N B/s, N %')
    .replace(/, [\d.]+\/s,/g, ', N/s,')
    .replace(/\d+ bytes? received/g, 'N bytes received')
    .replace(/no such port; .*/g, 'no such port; PORTS')
    .split('\n')
    .filter((line) => !/^ +N ms - N ms/.test(line))
    .join('\n')
    .trimEnd();
}

/** Runs an example in a shell. */
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

describe.skipIf(!has('python3') || !has('bash'))('docs/cli.md shows the actual output (needs python3 and bash)', () => {
  test('has examples of every command that opens ports, and of list', () => {
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

  test('sercom list has the columns and fields shown', async () => {
    const [table, json] = examples.filter(({ command }) => ofThisMachine(command));
    const titles = (printed: string) => printed.split('\n')[0]!.split(/ {2,}/);
    const shown = titles(await run(table!.command));
    expect([titles(table!.printed), [expect.stringMatching(/^sercom: no serial ports found/)]]).toContainEqual(shown);
    for (const port of JSON.parse(await run(json!.command))) {
      expect(Object.keys(port)).toEqual(Object.keys(JSON.parse(json!.printed)[0]));
    }
  });
});
