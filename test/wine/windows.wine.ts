import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TerminalProcess } from '../../sercom/test/support/terminal-process.js';
import { IDLE_PROGRAM, PACKETS, printedBefore, QUIET_MS } from '../support/idle-program.js';
import { ComPorts } from './com-ports.js';
import { needs, Wine } from './wine.js';

/** One run of vitest, as its JSON reporter describes it. */
interface Report {
  numPassedTests: number;
  testResults: {
    name: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
    message: string;
  }[];
}

/** The tests that need neither a port of Linux nor one of its programs. */
const PORTABLE = [
  'test/communicator',
  'test/errors',
  'test/framing/cobs',
  'test/framing/frame-decoder.test.ts',
  'test/framing/frame-encoder',
  'test/requests',
  'test/serial/contract-mock',
  'test/serial/echo-mock',
  'test/serial/read-ports',
  'test/serial/receiving',
  'test/serial/sending',
  'test/serial/stalls',
  'test/serial/supervisor',
  'test/serial/serial-communicator',
  'test/serial/windows',
  'sercom/test/formats',
  'sercom/test/options/define',
  'sercom/test/records/filter',
  'sercom/test/text/escape',
];

/** Fewer would mean that files are not found. */
const MIN_PASSED_PORTABLE = 1_000;
const MIN_PASSED_ON_PORTS = 150;

const POLL = { timeout: 30_000, interval: 50 };

describe.skipIf(needs !== '')(`Windows, under Wine${needs && ` (needs ${needs})`}`, () => {
  let wine: Wine;
  let ports: ComPorts;

  beforeAll(async () => {
    wine = await Wine.start(ComPorts.pathsIn);
    ports = await ComPorts.create(wine.folder);
  });

  afterAll(async () => {
    await ports?.close();
    await wine?.close();
  });

  /** Runs the tests in these files or folders. Returns what failed, and how many passed. */
  const vitest = async (...files: string[]) => {
    const output = path.join(wine.folder, 'report.json');
    const words = [
      'run',
      '--configLoader',
      'native',
      '--config',
      'test/wine/guest.config.ts',
      '--reporter',
      'json',
      '--outputFile',
    ];
    const { stdout, stderr } = await wine.node(
      ['node_modules/vitest/vitest.mjs', ...words, Wine.windowsPath(output), ...files],
      {
        env: {
          NAPI_RS_FORCE_WASI: '1',
          NODE_PATH: Wine.windowsPath(path.join(wine.folder, 'node_modules')),
          NODE_NO_WARNINGS: '1',
          COM_PORTS_FOLDER: Wine.windowsPath(ports.folder),
        },
        limitMs: 280_000,
      },
    ).ended;
    const report: Report = JSON.parse(
      await readFile(output, 'utf8').catch(() => {
        throw new Error(`vitest has written no report:\n${stdout}\n${stderr}`);
      }),
    );
    const failed = report.testResults.flatMap(({ name, message, assertionResults }) => [
      ...(assertionResults.length === 0 ? [`${name}: ${message}`] : []),
      ...assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]}`),
    ]);
    return { failed, passed: report.numPassedTests };
  };

  /** Runs `sercom` with these words. */
  const sercom = (...words: string[]) => wine.node(['sercom/bin/sercom.js', ...words]);

  /** Runs it in a console, which Wine shows on a terminal of Linux. */
  const sercomInConsole = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    new TerminalProcess(words, {
      command: wine.nodeCommand('sercom/bin/sercom.js'),
      env: { ...wine.env, NO_COLOR: undefined, ...env },
    });

  test('passes the contract and the echo suite on COM ports', async () => {
    const { failed, passed } = await vitest('test/wine/guest/');
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(MIN_PASSED_ON_PORTS);
  });

  test('passes the tests that need no port of the machine', async () => {
    const { failed, passed } = await vitest(...PORTABLE);
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(MIN_PASSED_PORTABLE);
  });

  test('receives packets on Node 26 while nothing else happens in the program', async () => {
    await ports.plug(1);
    const program = wine.node(['--input-type=module', '--eval', IDLE_PROGRAM, 'COM1', 'default'], { version: 26 });
    for (let i = 0; i < PACKETS; i++) {
      await expect.poll(() => program.printed(), POLL).toBe(printedBefore(i));
      await delay(QUIET_MS);
      ports.send(1, Uint8Array.of(i));
    }
    expect(await program.ended).toMatchObject({ code: 0, stdout: `${printedBefore(PACKETS)}rests\n` });
  });

  test('sercom list finds no port, and names the Device Manager', async () => {
    // Wine lists no ports of its own.
    const { code, stdout, stderr } = await sercom('list').ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('no serial ports found');
    expect(stderr).toContain('Device Manager');
  });

  test('sercom ping measures the echo', async () => {
    await ports.plug(1);
    const { code, stdout } = await sercom('ping', 'COM1', '-n', '100', '--json').ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 100, received: 100, lost: 0, corrupted: 0 });
  });

  test('sercom send prints the reply', async () => {
    await ports.plug(1);
    const { code, stdout } = await sercom('send', 'COM1', '--text', 'hello', '--wait', '1').ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/COM1 {2}rx +5 {2}68 65 6c 6c 6f +"hello"\n$/);
  });

  test('sercom monitor shows packets until Ctrl-C, and returns to a device that was unplugged', async () => {
    await ports.plug(1);
    const monitor = sercom('monitor', 'COM1', '--no-skip-first');
    /** Sends the text until it is shown: what is sent before the port is open is lost. */
    const shows = (text: string) =>
      expect
        .poll(() => {
          ports.send(1, Buffer.from(text));
          return monitor.printed();
        }, POLL)
        .toContain(`"${text}"`);
    await shows('before');
    await ports.unplug(1);
    await ports.plug(1);
    await shows('after');
    monitor.pressCtrlC();
    expect(await monitor.ended).toMatchObject({ code: 0 });
  });

  test.each([
    ['send', '/dev/ttyACM0', 'no such port: on Windows, ports have names such as COM3; '],
    ['monitor', 'COM9', 'no such port; no ports found'],
  ])('sercom %s %s says what to do', async (command, port, message) => {
    const { code, stderr } = await sercom(command, port, ...(command === 'send' ? ['--text', 'x'] : [])).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  test('a console shows colors, unless NO_COLOR is set', async () => {
    await ports.plug(1);
    const words = ['send', 'COM1', '--text', 'hello', '--wait', '1'];
    const colored = await sercomInConsole(words).outcome();
    expect(colored).toMatchObject({ code: 0, stdout: expect.stringContaining('\x1b[32mrx\x1b[0m') });
    const plain = await sercomInConsole(words, { NO_COLOR: '1' }).outcome();
    expect(plain).toMatchObject({ code: 0, stdout: expect.stringMatching(/COM1 {2}rx {6}5/) });
  });

  test('Ctrl-C in a console ends sercom monitor', async () => {
    await ports.plug(1);
    const monitor = sercomInConsole(['monitor', 'COM1']);
    await monitor.printed(/press \? for keys/);
    monitor.type('\x03');
    expect(await monitor.outcome()).toMatchObject({ code: 0, stdout: expect.stringContaining('received 0 packets') });
  });
});
