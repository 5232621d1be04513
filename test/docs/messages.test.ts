import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { encode as encodeCbor } from 'cbor2';
import ts from 'typescript';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { RunningProcess } from '../../sercom/test/support/sercom-process.js';
import { type Codec, SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { has } from '../support/tools.js';
import { codeBlocks, ROOT } from './markdown.js';
import { PtyDevice } from './pty-device.js';

const blocks = codeBlocks('docs/messages.md', 'ts');

/** The programs of the page by their names, which their first lines give. */
const programs = new Map(
  blocks.flatMap((code) => [...(/^\/\/ (\S+\.ts)\n/.exec(code) ?? [])].slice(1).map((name) => [name, code] as const)),
);

/** A project in which the packages are installed. */
const project = mkdtempSync(path.join(tmpdir(), 'messages-'));
symlinkSync(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
afterAll(() => rmSync(project, { recursive: true }));

const used = new Set<string>();

/** Saves a program without its types, for Node 20. Returns the path of the file. */
function save(name: string): string {
  used.add(name);
  const file = path.join(project, name.replace(/\.ts$/, '.mjs'));
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  writeFileSync(file, ts.transpileModule(programs.get(name)!, { compilerOptions }).outputText);
  return file;
}

function start(name: string, ...words: string[]): RunningProcess {
  return new RunningProcess(process.execPath, [save(name), ...words]);
}

/** The module that a file of the page is. */
function load(name: string): Promise<Record<string, unknown>> {
  return import(/* @vite-ignore */ pathToFileURL(save(name)).href);
}

const needsPty = process.platform !== 'linux' || !has('python3');

describe.skipIf(needsPty)('the programs in docs/messages.md (need python3, Linux)', () => {
  test('arm.ts', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('arm.ts', port);
    const moving = [1, 0, 0, 0x34, 0x42];
    const still = [0, 0, 0, 0xb4, 0x42];
    // The update comes first, and has the id 0.
    await device.answer(0, ([id = 0, ...command]) => {
      expect(command).toEqual([0x4d, 2, 0, 0, 0xb4, 0x42]);
      return [Uint8Array.of(0, ...moving), Uint8Array.of(0, 0xff), Uint8Array.of(id, ...moving)];
    });
    for (const [index, state] of [moving, still].entries()) {
      await device.answer(index + 1, ([id = 0, ...command]) => {
        expect(command).toEqual([0x53]);
        return [Uint8Array.of(id, ...state)];
      });
    }
    expect(await program.outcome()).toEqual({
      code: 0,
      signal: null,
      stdout:
        'update { isMoving: true, degrees: 45 }\nstarted { isMoving: true, degrees: 45 }\n' +
        'arrived { isMoving: false, degrees: 90 }\n',
      stderr: 'arm: Error: a state has 5 bytes, got 1\n',
    });
  });

  test('sensor.ts', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('sensor.ts', port);
    await device.opened();
    const readings: unknown[] = [
      { sensor: 'left', celsius: 21.5 },
      { sensor: 'left', celsius: 999 },
      { sensor: 'left' },
      { sensor: 'right', celsius: 22 },
      { sensor: 'left', celsius: -3 },
    ];
    await device.send([Uint8Array.of(0xff), ...readings.map((reading) => encodeCbor(reading))]);
    const { code, stdout, stderr } = await program.outcome();
    expect(stdout).toBe('left: 21.5 °C\nright: 22.0 °C\nleft: -3.0 °C\n');
    const [notCbor, tooHot, incomplete, ...rest] = stderr.split('\n');
    expect(notCbor).toMatch(/^sensor: /);
    expect(tooHot).toMatch(/^sensor: .*celsius: .*125/);
    expect(incomplete).toMatch(/^sensor: .*celsius: /);
    expect({ code, rest }).toEqual({ code: 0, rest: [''] });
  });

  test('pump.ts repeats a command, and no late reply is taken for the reply to another request', async () => {
    const { device, port } = await PtyDevice.open();
    const program = start('pump.ts', port);
    // The device as the page describes it: it keeps the number of its latest command, and its reply.
    let level = 100;
    let latest: number | undefined;
    const dispense = (packet: Buffer) => {
      const number = packet.readUInt32LE(2);
      if (number !== latest) {
        latest = number;
        level -= packet.readUInt8(6);
      }
      return Uint8Array.of(packet[0]!, level);
    };
    let late: Uint8Array;
    await device.answer(0, (packet) => {
      late = dispense(packet);
      return [];
    });
    await program.complained(/attempt 1: .*no reply/);
    const answerAll = async () => {
      await device.answer(1, (packet) => {
        expect(packet[0]).not.toBe(late[0]);
        // With another level, since the reply itself would not show the mistake.
        return [Uint8Array.of(late[0]!, 99), dispense(packet)];
      });
      // On a busy machine, there may be further attempts.
      for (let index = 2; ; index++) {
        await device.answer(index, (packet) => [dispense(packet)]);
      }
    };
    const { code, stdout, stderr } = await Promise.race([program.outcome(), answerAll()]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{ milliliters: 80 }\n{ milliliters: 50 }\n' });
    expect(stderr).toMatch(/^attempt 1: .*no reply.*\n/);
    expect(level).toBe(50);
  });
});

describe('the codecs in docs/messages.md', () => {
  const move = { joint: 2, degrees: 90 };
  const cbor = Buffer.from('a2656a6f696e74026764656772656573185a', 'hex');
  const msgpack = Buffer.from('82a56a6f696e7402a7646567726565735a', 'hex');
  const CODECS: [name: string, packet: Uint8Array, undecodable: Uint8Array][] = [
    ['zod-codec.ts', Buffer.from('{"joint":2,"degrees":90}'), Buffer.from('{"joint":6,"degrees":90}')],
    ['cbor-codec.ts', cbor, cbor.subarray(1, 3)],
    ['msgpack-codec.ts', msgpack, msgpack.subarray(0, 5)],
    ['protobuf-codec.ts', Uint8Array.of(0x08, 2, 0x15, 0, 0, 0xb4, 0x42), Uint8Array.of(0x08)],
  ];

  test.each(CODECS)('%s works in a channel', async (name, packet, undecodable) => {
    const { codec } = (await load(name)) as { codec: Codec<typeof move> };
    const device = new MockDevice({ path: '/dev/ttyACM0', requestIds: { bytes: 1 }, onRequest: (request) => request });
    const serial = new SerialCommunicator({ binding: mockBinding(device) });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    serial.addConnection('arm', { path: '/dev/ttyACM0', baudRate: 115_200, requestIds: { bytes: 1 } });
    const arm = serial.channel('arm', codec);
    const messages = arm.messages();
    await serial.initialize();

    expect(await arm.request(move)).toEqual(move);
    expect(device.received).toEqual([new Uint8Array(packet)]);
    await device.send(undecodable);
    await device.send(packet);
    expect(await messages.next()).toEqual({ done: false, value: move });
    expect(arm.connection.stats.undecodedPackets).toBe(1);
  });

  test.each([
    ['zod-codec.ts', { joint: 6, degrees: 90 }],
    ['protobuf-codec.ts', { joint: 'left', degrees: 90 }],
  ])('%s refuses to encode a wrong message', async (name, wrong) => {
    const { codec } = (await load(name)) as { codec: Codec<unknown> };
    expect(() => codec.encode(wrong)).toThrow(/joint/);
  });

  test('zod-commands.ts encodes commands, and decodes states', async () => {
    const { codec } = (await load('zod-commands.ts')) as { codec: Codec<unknown> };
    expect(Buffer.from(codec.encode({ kind: 'stop' })).toString()).toBe('{"kind":"stop"}');
    const state = { isMoving: true, degrees: 90 };
    expect(codec.decode(Buffer.from(JSON.stringify(state)))).toEqual(state);
    expect(() => codec.encode(state)).toThrow(/kind/);
    expect(() => codec.decode(Buffer.from('{"kind":"stop"}'))).toThrow(/isMoving/);
  });

  test('zod-schema.ts checks messages in a channel', async () => {
    const { Reading } = (await load('zod-schema.ts')) as { Reading: never };
    const device = new MockDevice({ path: '/dev/ttyACM0' });
    const serial = new SerialCommunicator({ binding: mockBinding(device) });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    serial.addConnection('sensor', { path: '/dev/ttyACM0', baudRate: 115_200 });
    const codec = { encode: encodeCbor, decode: (packet: Uint8Array) => JSON.parse(String(Buffer.from(packet))) };
    const messages = serial.channel('sensor', codec, { schema: Reading }).messages();
    const undecoded = new Promise<unknown>((resolve) =>
      serial.once('undecodedPacket', ({ error }) => resolve(String(error))),
    );
    await serial.initialize();
    await device.send(Buffer.from('{"sensor":"left","celsius":999}'));
    await device.send(Buffer.from('{"sensor":"left","celsius":21}'));
    expect(await messages.next()).toEqual({ done: false, value: { sensor: 'left', celsius: 21 } });
    expect(await undecoded).toMatch(/celsius: .*125/);
  });
});

test('every program in docs/messages.md has a test', () => {
  const missing = [...programs.keys()].filter((name) => !used.has(name));
  expect(missing).toEqual(needsPty ? ['arm.ts', 'sensor.ts', 'pump.ts'] : []);
  // Only the interface `Codec` has no name.
  expect(blocks.length).toBe(programs.size + 1);
});
