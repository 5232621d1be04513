import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { RunningProcess, SERCOM } from '../../sercom/test/support/sercom-process.js';
import { MOSQUITTO_MISSING, Mosquitto } from '../support/mosquitto.js';
import { has } from '../support/tools.js';
import { ROOT, readDocument } from './markdown.js';
import { frame, PtyDevice, packetsIn } from './pty-device.js';
import { runSketch } from './run-sketch.js';

const COOKBOOK = readDocument('docs/cookbook.md');
const BOARDS = path.join(import.meta.dirname, 'boards');

/** The programs of the page by their names, which their first lines give. */
const programs = new Map(
  [...COOKBOOK.matchAll(/^```(?:js|cpp|c)\n(\/\/ (\S+)\n.*?)^```$/gms)].map(([, code = '', name = '']) => [name, code]),
);

/** A project in which the packages are installed. Every program is saved in a folder of its own. */
const project = mkdtempSync(path.join(tmpdir(), 'cookbook-'));
symlinkSync(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
afterAll(() => rmSync(project, { recursive: true }));

const used = new Set<string>();

/** Saves a program. Returns the path of the file. */
function save(name: string): string {
  used.add(name);
  const folder = path.join(project, path.parse(name).name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), programs.get(name)!);
  return path.join(folder, name);
}

function start(name: string, ...words: string[]): RunningProcess {
  return new RunningProcess(process.execPath, [save(name), ...words]);
}

const needsPty = process.platform !== 'linux' || !has('python3');
const needsAvr = needsPty || !has('avr-gcc') || !has('make') || !existsSync('/usr/share/arduino/hardware/arduino/avr');

describe.skipIf(needsPty)('the applications in docs/cookbook.md (need python3, Linux)', () => {
  test('read-lines.mjs', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('read-lines.mjs', port);
    // What the device sends before the program has opened the port may be lost.
    while (!program.stdout.includes('\n')) {
      await device.pty.write(Buffer.from('temperature 21.5\r\n'));
      await sleep(20);
    }
    await device.pty.write(Buffer.from('\x1b[2Jdone\r\n'));
    await program.printed(/done/);
    expect(new Set(program.stdout.trimEnd().split('\n'))).toEqual(new Set(['"temperature 21.5"', '"\\u001b[2Jdone"']));
  });

  test('stop-cleanly.mjs', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('stop-cleanly.mjs', port);
    await program.printed(/started/);
    program.child.kill('SIGTERM');
    expect(await program.outcome()).toMatchObject({ code: 143, stderr: '' });
    expect(await device.packets(1)).toEqual(['bye']);
  });

  test('stop-cleanly.mjs, with a device that accepts nothing', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('stop-cleanly.mjs', port);
    await program.printed(/started/);
    await device.pty.stall();
    // The port is stalled once the program has received what follows.
    await device.pty.write(Buffer.concat([Buffer.of(0), frame('stalled')]));
    await program.printed(/<Buffer|Uint8Array/);
    program.child.kill('SIGINT');
    const { code, stderr } = await program.outcome();
    expect(code).toBe(130);
    expect(stderr).toMatch(/^send to "arm" .*: shutdown ended before the packet was fully written.*\n$/);
  });

  test('stop-cleanly.mjs, with a device that was unplugged', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('stop-cleanly.mjs', port);
    await program.printed(/started/);
    await device.pty.close();
    program.child.kill('SIGINT');
    const { code, stderr } = await program.outcome();
    expect(code).toBe(130);
    expect(stderr).toMatch(/^[^\n]*"arm"[^\n]*\n$/);
  });

  test('log-packets.mjs writes what sercom replays', async () => {
    const { device, port } = await PtyDevice.open();
    const log = path.join(project, 'packets.log');
    const program = start('log-packets.mjs', port, log);
    expect(await device.packets(1)).toEqual(['hello']);
    await device.pty.write(frame('one\0two'));
    while (!existsSync(log) || readFileSync(log, 'utf8').split('\n').length < 3) {
      await sleep(5);
    }
    program.child.kill('SIGKILL');
    const replay = new RunningProcess(process.execPath, [SERCOM, 'replay', log, '--json']);
    const { stdout, stderr } = await replay.outcome();
    expect(stderr).toBe('');
    const packets = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(packets.map(({ name, dir, hex }) => [name, dir, Buffer.from(hex, 'hex').toString()]).sort()).toEqual([
      ['arm', 'rx', 'one\0two'],
      ['arm', 'tx', 'hello'],
    ]);
  });

  test('add-and-remove.mjs', async () => {
    const [one, two] = [await PtyDevice.open(), await PtyDevice.open()];
    const program = start('add-and-remove.mjs');
    const command = async (line: string) => {
      program.child.stdin!.write(`${line}\n`);
      await program.printed(new RegExp(`done: ${line}\n`));
    };
    await command(`add one ${one.port}`);
    await command('send one 6869');
    expect(await one.device.packets(1)).toEqual(['hi']);
    await command(`add two ${two.port}`);
    await two.device.pty.write(frame('ok'));
    await program.printed(/two: 6f6b\n/);
    await command('remove one');
    program.child.stdin!.write('add three /dev/no-such-port\n');
    await program.complained(/three.*no such port/);
    await command('send two 6279');
    expect(await two.device.packets(1)).toEqual(['by']);
    program.child.stdin!.end();
    expect(await program.outcome()).toMatchObject({ code: 0 });
  });

  test('read-feed.mjs', async () => {
    const { device, port } = await PtyDevice.open();
    const tokenFile = path.join(project, 'token');
    const words = ['monitor', `arm=${port}`, '-q', '--decode', 'json', '--web', '--web-token-file', tokenFile];
    const monitor = new RunningProcess(process.execPath, [SERCOM, ...words]);
    await monitor.complained(/the page is at /);
    const [, origin = ''] = /(http:\/\/[\d.:]+)/.exec(monitor.stderr)!;
    const program = start('read-feed.mjs', origin, tokenFile);
    // After a delimiter: the monitor skips what comes before the first one.
    await device.pty.write(Buffer.concat([Buffer.of(0), frame('{"temp":21.5}'), Buffer.of(5, 1, 2, 0)]));
    await program.printed(/^arm \{"temp":21\.5\}\narm rejected: malformed\n$/);
    monitor.child.kill('SIGINT');
    expect(await program.outcome()).toMatchObject({ code: 0, stderr: 'sercom has ended\n' });
  });

  test('share-port.mjs', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('share-port.mjs', port, '0');
    await program.printed(/listening on \d+/);
    const tcpPort = Number(/\d+/.exec(program.stdout)![0]);
    const clients = await Promise.all(
      [1, 2].map(async () => {
        const socket = net.connect(tcpPort, '127.0.0.1');
        onTestFinished(() => void socket.destroy());
        await new Promise((resolve) => socket.once('connect', resolve));
        return socket;
      }),
    );
    // A client is known to be served when its packet arrives.
    clients[0]!.write(Buffer.concat([frame('from the first'), frame('again'), Buffer.of(5, 0)]));
    clients[1]!.write(frame('from the second'));
    expect((await device.packets(3)).sort()).toEqual(['again', 'from the first', 'from the second']);
    await program.complained(/client: rejected frame: malformed/);
    const received = clients.map(
      (socket) => new Promise<Buffer>((resolve) => socket.once('data', (bytes) => resolve(Buffer.from(bytes)))),
    );
    await device.pty.write(frame('for all'));
    for (const bytes of await Promise.all(received)) {
      expect(packetsIn(bytes).map(String)).toEqual(['for all']);
    }
  });
});

test.skipIf(needsPty || MOSQUITTO_MISSING !== '')('remote.mjs (needs python3, mosquitto)', async () => {
  const broker = await Mosquitto.start();
  onTestFinished(() => broker.stop());
  const { device, port } = await PtyDevice.open();
  const words = ['bridge', `arm=${port}`, '--mqtt', broker.url, '--name', 'bench'];
  const bridge = new RunningProcess(process.execPath, [SERCOM, ...words]);
  const program = start('remote.mjs', broker.url, 'bench', 'arm');
  await program.printed(/arm reachable\n/);
  program.child.stdin!.write('hello\n');
  expect(await device.packets(1)).toEqual(['hello']);
  // After a delimiter: the bridge skips what comes before the first one.
  await device.pty.write(Buffer.concat([Buffer.of(0), frame('world')]));
  await program.printed(/arm "world"\n/);
  bridge.child.kill('SIGKILL');
  await program.printed(/arm bridgeOffline\n/);
  program.child.stdin!.end('again\n');
  const { code, stderr } = await program.outcome();
  expect(stderr).toMatch(/^[^\n]*"arm"[^\n]*bridge "bench"[^\n]*\n$/);
  expect(code).toBe(0);
});

test.skipIf(!has('curl'))('the commands in docs/cookbook.md that read the metrics (need curl)', async () => {
  const [, commands = ''] = /^(\(umask .*\ncurl .*)$/m.exec(COOKBOOK)!;
  const folder = mkdtempSync(path.join(project, 'metrics-'));
  const words = ['monitor', 'arm=sim:', '-q', '--web', '--web-token-file', path.join(folder, 'token')];
  const monitor = new RunningProcess(process.execPath, [SERCOM, ...words]);
  await monitor.complained(/the page is at /);
  const [origin = ''] = /http:\/\/[\d.:]+/.exec(monitor.stderr)!;
  const script = `cd "${folder}"; ${commands.replace('http://127.0.0.1:8080', origin)}`;
  const { stdout } = await new RunningProcess('sh', ['-c', script]).outcome();
  expect(stdout).toContain('\nsercom_connected{name="arm"} 1\n');
});

describe.skipIf(needsAvr)('the sketches in docs/cookbook.md (need avr-gcc, make, arduino-core-avr and python3)', () => {
  test('text-and-values.ino with text-and-values.mjs', { timeout: 60_000 }, async () => {
    const program = start('text-and-values.mjs', await runSketch(save('text-and-values.ino')));
    await program.printed(/^text "ready"\ncount 0\ncount 1\n/);
  });

  test('reading.ino with reading.mjs', { timeout: 60_000 }, async () => {
    const program = start('reading.mjs', await runSketch(save('reading.ino')), '20');
    await program.printedLines(8);
    const readings = program.stdout
      .split('\n')
      .slice(0, 8)
      .map((line) => JSON.parse(line));
    for (const reading of readings) {
      expect(reading).toEqual({ millis: expect.any(Number), celsius: 21.5, flags: 0x81 });
    }
    // The first ones come once a second, until the interval is set.
    const intervals = readings.slice(1).map(({ millis }, index) => millis - readings[index].millis);
    expect(intervals.at(-1)).toBeGreaterThanOrEqual(20);
    expect(intervals.at(-1)).toBeLessThan(100);
  });

  test('motor.ino with move.mjs, over a line that damages bytes', { timeout: 60_000 }, async () => {
    const program = start('move.mjs', await runSketch(save('motor.ino'), 97));
    expect(await program.outcome()).toEqual({ code: 0, signal: null, stdout: 'moved by 300\n', stderr: '' });
  });

  test('the table of baud rates has what the Arduino core sets', () => {
    const rows = [...COOKBOOK.matchAll(/^\| +(\d+) \| +(\d+) \| +(-?[\d.]+) % \|$/gm)].map((row) =>
      row.slice(1).map(Number),
    );
    expect(rows.length).toBe(10);
    // As in HardwareSerial::begin: 57,600 without double speed, for the sake of an old boot loader.
    for (const [asked = 0, real, error] of rows) {
      const isDouble = asked !== 57_600;
      const clocksPerBit = isDouble ? 8 : 16;
      const divisor = Math.floor((Math.floor(16_000_000 / (clocksPerBit / 2) / asked) - 1) / 2) + 1;
      const set = 16_000_000 / clocksPerBit / divisor;
      expect([asked, Math.round(set), Number((100 * (set / asked - 1)).toFixed(1))]).toEqual([asked, real, error]);
    }
  });
});

describe.skipIf(!has('cc'))('the programs for other boards in docs/cookbook.md (need a C compiler)', () => {
  const BOARD_PROGRAMS: [string, string[]][] = [
    ['pico.c', []],
    ['stm32.c', [path.join(BOARDS, 'stm32-hal.c'), '-pthread']],
    ['esp32.c', []],
  ];

  test.each(BOARD_PROGRAMS)(
    '%s echoes packets with a stand-in for the SDK',
    { timeout: 60_000 },
    async (name, words) => {
      const source = save(name);
      const output = path.join(path.dirname(source), 'echo');
      const firmware = path.join(ROOT, 'firmware/src');
      const includes = [BOARDS, firmware, path.dirname(save('echo.h'))].map((folder) => `-I${folder}`);
      const library = ['cobs.c', 'packet_receiver.c'].map((file) => path.join(firmware, file));
      execFileSync('cc', [
        '-std=gnu11',
        '-Wall',
        '-Wextra',
        '-Werror',
        ...includes,
        '-o',
        output,
        source,
        ...library,
        ...words,
      ]);

      const board = new RunningProcess(output, []);
      let bytes = Buffer.alloc(0);
      board.child.stdout!.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
      });
      const packets = [Buffer.of(1, 0, 10, 13), Buffer.alloc(64, 0xff), Buffer.from('last')];
      board.child.stdin!.write(Buffer.concat(packets.map(frame)));
      while (packetsIn(bytes).length < packets.length) {
        await sleep(1);
      }
      expect(packetsIn(bytes)).toEqual(packets);
      expect(bytes[0]).toBe(0);
      board.child.stdin!.end();
      expect(await board.outcome()).toMatchObject({ code: 0, stderr: '' });
    },
  );
});

test('every program in docs/cookbook.md has a test', () => {
  const skipped = [
    ...(needsPty ? ['.mjs'] : []),
    ...(MOSQUITTO_MISSING === '' ? [] : ['remote.mjs']),
    ...(needsAvr ? ['.ino', 'values.mjs', 'reading.mjs', 'move.mjs'] : []),
  ];
  const missing = [...programs.keys()].filter((name) => !used.has(name) && !skipped.some((end) => name.endsWith(end)));
  expect(missing).toEqual(has('cc') ? [] : ['echo.h', 'pico.c', 'stm32.c', 'esp32.c']);
  // A program without a name would not be found.
  expect(programs.size).toBe([...COOKBOOK.matchAll(/^```(js|cpp|c)$/gm)].length);
});
