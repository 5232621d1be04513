import cobs from 'cobs';
import { beforeEach, describe, expect, test } from 'vitest';
import { codeBlocks } from '../docs/markdown.js';
import { evaluate, evaluateBytes, hexOf, literal, PACKETS_PY, python } from '../support/micropython.js';

const [uart = '', usb = '', main = '', crc32 = '', requests = '', later = '', withAsyncio = '', ...others] = codeBlocks(
  'firmware/micropython/README.md',
  'python',
);
const docstring = /while True/.test(PACKETS_PY) ? /^ {4}from machine.*?\n\n(?=\S)/ms.exec(PACKETS_PY)![0] : '';

const frame = (packet: string | Uint8Array) => Buffer.concat([cobs.encode(Buffer.from(packet)), Buffer.of(0)]);

beforeEach(() => python('line = StoppingLine()\nUART.line = line'));

/**
 * Runs a program until the host has sent all `chunks`, one after the other: the stand-in then ends it as Ctrl-C does.
 * Returns what it has written.
 */
function run(program: string, ...chunks: Uint8Array[]): Buffer {
  python(`line.coming = [${chunks.map(literal).join(', ')}]\nstopped = False`);
  python(`
names = {'__name__': '__main__'}
try:
    exec(${literal(program)}.decode(), names)
except KeyboardInterrupt:
    stopped = True`);
  expect(evaluate('stopped')).toBe(true);
  return Buffer.from(evaluate('line.take()') as string, 'hex');
}

describe('the programs in firmware/micropython/README.md', () => {
  test('are all tested here', () => {
    expect(others).toEqual([]);
    expect(
      [uart, usb, main, crc32, requests, later, withAsyncio].map(
        (code) => /Console|PULL_UP|crc32|ADC|LATER|asyncio/.exec(code)?.[0],
      ),
    ).toEqual([undefined, 'Console', 'PULL_UP', 'crc32', 'ADC', 'LATER', 'asyncio']);
  });

  const packets = ['hello', '', '\0', 'x'.repeat(64)];
  const echoed = Buffer.concat([Buffer.of(0), ...packets.map(frame)]);

  test.each([
    ['with a UART', uart],
    ['in the docstring of packets.py', docstring.replaceAll(/^ {4}/gm, '')],
    ['with asyncio', withAsyncio],
  ])('echo packets %s', (_, program) => {
    expect(run(program, Buffer.concat(packets.map(frame)))).toEqual(echoed);
    expect(run(program, ...packets.map(frame))).toEqual(echoed);
    expect(evaluate('repr(UART.arguments)')).toBe('(0, 115200)');
  });

  test('blink while they echo', () => {
    python('Pin.levels.clear()');
    run(withAsyncio, frame('a'));
    expect(evaluate('25 in Pin.levels')).toBe(true);
  });

  test('echo packets with a CRC-32', () => {
    const packet = frame(Buffer.from('313233343536373839' + '2639f4cb', 'hex'));
    expect(run(crc32, packet, frame('123456789'))).toEqual(Buffer.concat([Buffer.of(0), packet]));
  });

  test('switch a lamp, read a sensor, and report what fails', () => {
    python('Pin.levels.clear()\nADC.value = 0x1234');
    const sent = run(requests, frame('\x01l\x01'), frame('\x02s'), frame('\x03l'), frame('\x04?'));
    expect(sent).toEqual(
      Buffer.concat([
        Buffer.of(0),
        frame('\x01'),
        frame(Uint8Array.of(2, 0x34, 0x12)),
        frame(Uint8Array.of(0x80, 3, 1)),
        frame(Uint8Array.of(0x80, 4, 2)),
      ]),
    );
    expect(evaluate('Pin.levels[25]')).toBe(1);
    expect(evaluate("type(names['host'].last_error).__name__")).toBe('IndexError');
  });

  test('weigh later, and ask the host until it has replied', () => {
    python('Pin.levels.clear()\nsys_modules["os"] = Os\nOs.random = b"\\x00\\x00"');
    const question = (id: number) => frame(Buffer.concat([Buffer.of(id), Buffer.from('bright?')]));
    const sent = run(later, frame('\x05ww'), frame(Uint8Array.of(0x80, 0x81, 1)), frame(Uint8Array.of(0x82, 1)));
    expect(sent).toEqual(
      Buffer.concat([Buffer.of(0), question(0x81), frame(Uint8Array.of(5, 0x2c, 0x01)), question(0x82)]),
    );
    expect(evaluate('Pin.levels[25]')).toBe(1);
  });

  test('start the echo over USB only if the pin is not connected to ground', () => {
    for (const [level, started] of [
      [0, false],
      [1, true],
    ]) {
      python(`
Pin.levels[22] = ${level}
sys_modules.pop('echo', None)
failed = False
try:
    exec(${literal(main)}.decode(), {})
except ImportError:
    failed = True`);
      expect(evaluate('failed')).toBe(started);
      expect(evaluate('Pin.modes[22] == (Pin.IN, Pin.PULL_UP)')).toBe(true);
    }
  });
});

describe('Console', () => {
  beforeEach(() => python('ConsoleInput.reset()\nConsoleOutput.outgoing = bytearray()'));

  const console_ = (...packets: Uint8Array[]) => python(`ConsoleInput.coming = [${packets.map(literal).join(', ')}]`);
  const written = () => evaluateBytes('bytes(ConsoleOutput.outgoing)');

  test('exchanges packets over the port of the prompt, each byte 03 included', () => {
    const packets = [
      Buffer.of(3, 3, 3),
      Buffer.of(10, 13, 0, 4),
      Buffer.from(Array.from({ length: 64 }, (_, byte) => byte)),
    ];
    console_(Buffer.concat(packets.map(frame)), ...packets.map(frame));
    run(usb);
    expect(written()).toEqual(Buffer.concat([Buffer.of(0), ...packets.map(frame), ...packets.map(frame)]));
  });

  test('turns Ctrl-C off while it is open, and on when its block ends, also with an exception', () => {
    python('port = packets.Console()');
    expect(evaluate('ConsoleInput.interrupt_byte')).toBe(-1);
    python('port.close()');
    expect(evaluate('ConsoleInput.interrupt_byte')).toBe(3);
    python('inside = []\nwith packets.Console():\n    inside.append(ConsoleInput.interrupt_byte)');
    expect(evaluate('inside[0]')).toBe(-1);
    expect(evaluate('ConsoleInput.interrupt_byte')).toBe(3);
    expect(() => python('with packets.Console():\n    raise ValueError')).toThrow(/ValueError/);
    expect(evaluate('ConsoleInput.interrupt_byte')).toBe(3);
    run(usb);
    expect(evaluate('ConsoleInput.interrupt_byte')).toBe(3);
  });

  test('reads what is there, and no more than fits', () => {
    python(`ConsoleInput.incoming = bytearray(${literal('abcde')})\nbuffer = bytearray(3)\nport = packets.Console()`);
    expect(evaluate('port.readinto(buffer)')).toBe(3);
    expect(evaluateBytes('buffer')).toEqual(Buffer.from('abc'));
    expect(evaluate('port.readinto(buffer)')).toBe(2);
    expect(hexOf(evaluateBytes('buffer')!)).toBe(hexOf(Buffer.from('dec')));
    expect(evaluate('port.readinto(buffer)')).toBe(0);
    python('port.close()');
  });
});
