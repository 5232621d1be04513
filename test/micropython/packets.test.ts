import cobs from 'cobs';
import { beforeEach, describe, expect, test } from 'vitest';
import { readDocument } from '../docs/markdown.js';
import { evaluate, evaluateBytes, hexOf, literal, PACKETS_PY, python } from '../support/micropython.js';
import { ROOT, run } from '../support/packages.js';
import { canonical, checksums, decodeOnly, malformed } from '../support/vectors.js';

const DELIMITER = Uint8Array.of(0);
const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
const framed = (...packets: (Uint8Array | string)[]) =>
  join(...packets.flatMap((packet) => [cobs.encode(Buffer.from(packet)), DELIMITER]));

/** Makes `host`, a new object at a new line, and drops the delimiter that it writes at first. */
function start(options = '64', type = 'Packets'): void {
  python(`line = Line()\nhost = packets.${type}(line, ${options})\nline.take()`);
}

const feed = (bytes: Uint8Array) => python(`line.feed('${hexOf(bytes)}')`);
const send = (packet: Uint8Array | string) => evaluate(`host.send(${literal(packet)})`);
const sent = () => Buffer.from(evaluate('line.take()') as string, 'hex');

/** All packets that `receive` returns after these bytes have arrived. */
function receive(...bytes: Uint8Array[]): Buffer[] {
  feed(join(...bytes));
  const received: Buffer[] = [];
  for (;;) {
    const packet = evaluateBytes('host.receive()');
    if (packet !== undefined) {
      received.push(packet);
    } else if (evaluate('line.any()') === 0) {
      return received;
    }
  }
}

const counters = () =>
  Object.fromEntries(
    ['packets_received', 'malformed_frames', 'too_long_frames', 'checksum_frames'].map((name) => [
      name,
      evaluate(`host.${name}`),
    ]),
  );

const NOTHING = { packets_received: 0, malformed_frames: 0, too_long_frames: 0, checksum_frames: 0 };

describe('the vectors of test/vectors, in MicroPython', () => {
  test.each(canonical)('$name: sends the frame and receives the packet', ({ packet, frame }) => {
    start('1000');
    expect(send(packet)).toBe(true);
    expect(sent()).toEqual(join(frame, DELIMITER));
    expect(receive(frame, DELIMITER)).toEqual([Buffer.from(packet)]);
  });

  test.each(decodeOnly)('$name: receives the packet', ({ packet, frame }) => {
    start(`${packet.length}`);
    expect(receive(frame, DELIMITER)).toEqual([Buffer.from(packet)]);
  });

  test.each(malformed)('$name: rejects the frame', ({ frame }) => {
    start('1000');
    expect(receive(frame, DELIMITER)).toEqual([]);
    expect(counters()).toEqual({ ...NOTHING, malformed_frames: 1 });
  });

  for (const checksum of ['crc16', 'crc32'] as const) {
    test.each(checksums)(`${checksum} of $name`, ({ packet, ...vector }) => {
      start(`1000, '${checksum}'`);
      const whole = join(packet, vector[checksum]);
      expect(send(packet)).toBe(true);
      expect(sent()).toEqual(framed(whole));
      expect(receive(framed(whole))).toEqual([Buffer.from(packet)]);
      whole[whole.length - 1]! ^= 1;
      expect(receive(framed(whole))).toEqual([]);
      expect(counters()).toEqual({ ...NOTHING, packets_received: 1, checksum_frames: 1 });
    });
  }
});

describe('Packets receives', () => {
  beforeEach(() => start('4'));

  test('nothing from an idle line', () => {
    expect(receive(new Uint8Array(300))).toEqual([]);
    expect(counters()).toEqual(NOTHING);
  });

  test('frames that arrive byte by byte, and many at once', () => {
    const bytes = framed('one', '', 'a\0b', '\0\0\0\0', 'four');
    const expected = ['one', '', 'a\0b', '\0\0\0\0', 'four'].map((text) => Buffer.from(text));
    expect([...bytes].flatMap((byte) => receive(Uint8Array.of(byte)))).toEqual(expected);
    expect(receive(bytes)).toEqual(expected);
  });

  test('no more than read_bytes with one call', () => {
    start('4, read_bytes=8');
    feed(Buffer.alloc(20, 1));
    expect(evaluate('host.receive()')).toBeNull();
    expect(evaluate('line.any()')).toBe(12);
  });

  test.each(['12345', '\0\0\0\0\0', '1\x002\x003', 'a'.repeat(600), '\0'.repeat(600)])(
    'the next packet after one that is too long: %j',
    (packet) => {
      expect(receive(framed(packet, 'next', packet, 'last')).map(String)).toEqual(['next', 'last']);
      expect(counters()).toEqual({ ...NOTHING, packets_received: 2, too_long_frames: 2 });
    },
  );

  test('the next packet after a frame that is too long and ends inside a block', () => {
    expect(receive(join(Buffer.from('\xff123456', 'latin1'), DELIMITER), framed('next')).map(String)).toEqual(['next']);
    expect(counters()).toEqual({ ...NOTHING, packets_received: 1, too_long_frames: 1 });
  });

  test('no more than the largest packet into its memory, however long a frame is', () => {
    python('import gc\ngc.collect()\nbefore = gc.mem_alloc()');
    for (let round = 0; round < 50; round++) {
      expect(receive(Buffer.alloc(400, 0x41))).toEqual([]);
    }
    python('gc.collect()');
    expect(evaluate('gc.mem_alloc() - before')).toBeLessThan(2_000);
    expect(receive(framed('', 'next')).map(String)).toEqual(['next']);
    expect(counters()).toEqual({ ...NOTHING, packets_received: 1, too_long_frames: 1 });
  });

  test('a frame that is too short for its checksum as one with a wrong one', () => {
    start("4, 'crc32'");
    expect(receive(framed('', '1', '123'))).toEqual([]);
    expect(counters()).toEqual({ ...NOTHING, checksum_frames: 3 });
  });

  test('the largest packet with its checksum, and not a longer one', () => {
    start("4, 'crc16'");
    const withCrc = (text: string) =>
      join(Buffer.from(text), evaluateBytes(`packets.crc16(${literal(text)}).to_bytes(2, 'big')`)!);
    expect(receive(framed(withCrc('1234'), withCrc('12345'))).map(String)).toEqual(['1234']);
    expect(counters()).toEqual({ ...NOTHING, packets_received: 1, too_long_frames: 1 });
  });

  test('from a stream without `any`, whose `readinto` returns None', () => {
    python(`
class Socket:
    def __init__(self):
        self.replies = [None, 0, unhexlify('0268006900')]
    def readinto(self, buffer):
        reply = self.replies.pop(0)
        if not reply:
            return reply
        buffer[: len(reply)] = reply
        return len(reply)
    def write(self, data):
        return len(data)
host = packets.Packets(Socket(), 4)`);
    expect([evaluate('host.receive()'), evaluate('host.receive()')]).toEqual([null, null]);
    expect(String(evaluateBytes('host.receive()'))).toBe('h');
  });
});

describe('Packets sends', () => {
  beforeEach(() => start('4'));

  test('a delimiter at first', () => {
    python('line = Line()\nhost = packets.Packets(line, 4)');
    expect(sent()).toEqual(Buffer.of(0));
  });

  test('bytes, bytearrays and memoryviews', () => {
    python(`
data = bytearray(b'-abcd-')
host.send(b'abcd')
host.send(bytearray(b'abcd'))
host.send(memoryview(data)[1:5])`);
    expect(sent()).toEqual(framed('abcd', 'abcd', 'abcd'));
    expect(evaluate('host.packets_sent')).toBe(3);
  });

  test.each([
    ['b"12345"', /ValueError: packet: 5 bytes; at most 4/],
    ['"text"', /TypeError: packet: expected bytes, bytearray or memoryview/],
    ['""', /TypeError/],
    ['[1]', /TypeError/],
    ['4', /TypeError/],
  ])('no %s', (packet, message) => {
    expect(() => python(`host.send(${packet})`)).toThrow(message);
    send('ok');
    expect(sent()).toEqual(framed('ok'));
    expect(evaluate('host.packets_sent')).toBe(1);
  });

  test('whole frames through a stream that takes a few bytes at a time', () => {
    python('line.write_bytes = 2');
    expect([send('abcd'), send('ef')]).toEqual([true, true]);
    expect(sent()).toEqual(framed('abcd', 'ef'));
  });

  test.each(['None', '0'])('the rest of a frame later, if the stream is full (%s)', (full) => {
    start('4, stall_timeout_ms=0');
    python(`line.full = ${full}\nline.room = 3`);
    expect(send('abcd')).toBe(true);
    expect(send('ef')).toBe(false);
    const first = sent();
    expect(first).toEqual(framed('abcd').subarray(0, 3));
    expect(evaluate('host.receive()')).toBeNull();
    expect(join(first, sent())).toEqual(framed('abcd'));
    expect(send('gh')).toBe(true);
    expect(sent()).toEqual(framed('gh').subarray(0, 3));
    expect([evaluate('host.packets_sent'), evaluate('host.packets_refused')]).toEqual([2, 1]);
  });

  test('and waits for a stream that is full for a while, as long as it goes on', () => {
    // Each failed write lets the other end take a byte, so the stream never accepts nothing for two milliseconds.
    python(`
class Slow(Line):
    def write(self, data):
        if self.room <= len(self.outgoing):
            self.room += 1
            return None
        return super().write(data)
line = Slow()
line.room = 1
host = packets.Packets(line, 40, stall_timeout_ms=1000)
line.room = 0
line.take()`);
    expect(send('x'.repeat(40))).toBe(true);
    expect(sent()).toEqual(framed('x'.repeat(40)));
  });

  test('nothing, and returns False, if the stream accepts nothing for stall_timeout_ms', () => {
    start('4, stall_timeout_ms=30');
    python('line.room = 0\nfrom time import ticks_diff, ticks_ms');
    send('a');
    python('began = ticks_ms()');
    expect(send('b')).toBe(false);
    expect(evaluate('ticks_diff(ticks_ms(), began)')).toBeGreaterThanOrEqual(30);
  });
});

describe('packets.py', () => {
  test.each([
    ["Packets(Line(), 4, 'crc8')", /ValueError: checksum: expected None, 'crc16' or 'crc32'/],
    ['Requests(Line(), 64, {}, id_bytes=3)', /ValueError: id_bytes: expected 1 or 2/],
    ['Requests(Line(), 1, {})', /ValueError: max_packet_bytes: an error reply needs 2/],
    ['Requests(Line(), 2, {}, 2)', /ValueError: max_packet_bytes: an error reply needs 3/],
    ['Requests(Line(), 64, {}, max_waiting=0)', /ValueError: max_waiting: expected 1 to 127/],
    ['Requests(Line(), 64, {}, max_waiting=128)', /ValueError: max_waiting: expected 1 to 127/],
  ])('rejects %s', (code, message) => {
    expect(() => python(`packets.${code}`)).toThrow(message);
  });

  test('allocates little more per packet than the packet', () => {
    python(`
import gc
class Repeater:
    def __init__(self):
        self.frame = b''
    def readinto(self, buffer):
        buffer[: len(self.frame)] = self.frame
        return len(self.frame)
    def write(self, data):
        if not self.frame and len(data) > 1:
            self.frame = bytes(data)
        return len(data)
data = bytes(range(1, 61))
host = packets.Packets(Repeater(), 64)
host.send(data)
host.receive()
gc.collect()
gc.disable()
before = gc.mem_alloc()
for _ in range(100):
    host.send(data)
sent = gc.mem_alloc() - before
before = gc.mem_alloc()
for _ in range(100):
    host.receive()
received = gc.mem_alloc() - before
gc.enable()`);
    expect(evaluate('host.packets_received')).toBe(101);
    // Of the slices that are copied, and of the packet.
    expect(evaluate('sent')).toBeLessThan(100 * 250);
    expect(evaluate('received')).toBeLessThan(100 * 350);
  });

  test('takes the memory that its README gives', async () => {
    const program = String.raw`
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';
const interpreter = await loadMicroPython({ heapsize: 131072, linebuffer: true, stdout: console.log });
// This interpreter keeps docstrings, those of boards do not.
interpreter.FS.writeFile('/packets.py', process.argv[1].replaceAll(/"{3}[^]*?"{3}/g, '0'));
interpreter.runPython('import gc, sys, array, time\nsys.path.append("/")\nused = 0');
const measure = () => {
  for (let round = 0; round < 3; round++) {
    interpreter.runPython('gc.collect()\nlast = used\nused = gc.mem_alloc()');
  }
};
measure();
interpreter.runPython('before = used\nimport packets');
measure();
interpreter.runPython('print(used - before)');`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program, PACKETS_PY], {
      cwd: ROOT,
    });
    const [, kilobytes] = /about (\d+) KB of RAM/.exec(readDocument('firmware/micropython/README.md'))!;
    expect(Math.abs(Number(stdout) / 1_024 - Number(kilobytes)), stdout).toBeLessThan(1);
  });
});
