import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handshakeBody, sessionKey } from '../../src/delivery/wire-format.js';
import { cobsDecode, type HeardFrame, SessionListener } from '../../src/index.js';
import { runSeed } from '../support/random.js';

const VECTORS = JSON.parse(readFileSync(new URL('../vectors/delivery.json', import.meta.url), 'utf8'));

/** The frame of a vector, as a connection delivers it that listens. */
const packetOf = ({ wire }: { wire: string }) => cobsDecode(Buffer.from(wire.slice(0, -2), 'hex'));

const KEY = 350_562_458;
const H = 0x12345678;
const SIZES = { receiveWindow: 4, sendWindow: 4, receiveMaxPacketBytes: 64, sendMaxPacketBytes: 64 };

const open = (h: number, window = 8) =>
  handshakeBody({ type: 'open', version: 1, h, window, maxPacketBytes: 256 }).slice();
const status = (h: number, d: number, sizes = {}) =>
  handshakeBody({ type: 'status', version: 1, h, d, ...SIZES, ...sizes }).slice();

/** A frame of a session: header, payload, CRC. */
function frame(key: number, header: readonly number[], payload: string | readonly number[] = []): Uint8Array {
  const body = [...header, ...(typeof payload === 'string' ? Buffer.from(payload) : payload)];
  const packet = Uint8Array.from([...body, 0, 0, 0, 0]);
  new DataView(packet.buffer).setUint32(body.length, crc32(packet.subarray(0, body.length), ~key >>> 0), true);
  return packet;
}

/** A frame with a packet. */
const data = (key: number, number: number, payload: string, next = 0) => frame(key, [number, next, 0], payload);

const brief = (heard: HeardFrame): string => {
  switch (heard.type) {
    case 'data':
    case 'datagram':
      return `${heard.type} ${heard.number} ${Buffer.from(heard.payload)}${heard.isNew ? '' : ' again'}${heard.isExact ? '' : '?'}`;
    case 'ack':
      return `${heard.isPoll ? 'poll' : 'ack'} ${heard.next} [${heard.held}]`;
    default:
      return heard.type;
  }
};

/** What a listener makes of frames. */
function hear(packets: readonly Uint8Array[], listener = new SessionListener(), direction?: string): string[] {
  return [...packets.flatMap((packet) => listener.receive(packet, direction)), ...listener.flush(direction)].map(brief);
}

describe('test/vectors/delivery.json', () => {
  test('the frames are heard in a session that was announced', () => {
    const listener = new SessionListener();
    for (const vector of VECTORS.frames) {
      // The direction that acknowledges other windows has other headers.
      const isUsual = vector.acknowledgedWindow === undefined || vector.acknowledgedWindow <= 8;
      const [heard, ...others] = listener.receive(packetOf(vector), isUsual ? 'usual' : vector.name);
      expect(others).toEqual([]);
      const { kind, name, h, d, next, number, poll: isPoll } = vector;
      const type = { OPEN: 'open', STATUS: 'status', NO_SESSION: 'noSession' }[kind as string] ?? kind.toLowerCase();
      expect(heard!.type, name).toBe(type);
      if (type === 'open' || type === 'status' || type === 'noSession') {
        expect(heard, name).toMatchObject({ version: vector.version, ...(h && { h }), ...(d && { d }) });
      } else if (isUsual || type === 'ack') {
        const held = vector.held.map((distance: number) => (next + distance) % 64);
        expect(heard, name).toMatchObject({ next, held, isPoll, session: { key: KEY } });
        if (number !== undefined) {
          expect(heard, name).toMatchObject({ number, payload: new Uint8Array(Buffer.from(vector.payload, 'hex')) });
        }
      }
    }
  });

  test('the dialog is heard', () => {
    const listener = new SessionListener();
    const heard = VECTORS.dialog.map(
      (vector: { from: string; wire: string }) => `${vector.from}: ${hear([packetOf(vector)], listener, vector.from)}`,
    );
    expect(heard).toEqual([
      'device: noSession',
      'host: open',
      'device: status',
      'host: data 0 hi',
      'device: ack 0 [0]',
      'device: ack 1 []',
      'host: data 1 hi',
      'host: data 2 ok',
      'device: ack 1 [2]',
      'host: data 1 hi again',
      'device: data 0 ok',
      'host: ack 1 []',
      'host: poll 1 []',
      'device: ack 3 []',
      'host: datagram 0 hi',
    ]);
  });

  test.each<{ name: string; wire: string; result: string }>(VECTORS.special)('$name', (vector) => {
    const listener = new SessionListener();
    const heard = hear([open(H), packetOf(vector)], listener, 'host');
    hear([status(H, 0)], listener, 'device');
    const again = hear([packetOf(vector)], listener, 'host');
    const isRejected = ['damaged', 'too short', 'ignored'].includes(vector.result);
    if (isRejected || vector.result === 'too long') {
      expect(again).toEqual(['unknown']);
    } else {
      expect(again).toEqual(vector.result.startsWith('read as ACK') ? ['ack 1 []'] : ['open']);
    }
    expect(heard[1] === 'unknown').toBe(isRejected);
  });
});

describe('the key of a session', () => {
  test('follows from OPEN if D is 0', () => {
    expect(hear([open(H), data(KEY, 0, 'hi')])).toEqual(['open', 'data 0 hi']);
  });

  test('follows from STATUS', () => {
    expect(hear([status(H, 7), data(sessionKey(H, 7), 0, 'hi')])).toEqual(['status', 'data 0 hi']);
  });

  test('follows from a handshake in another direction', () => {
    const listener = new SessionListener();
    hear([status(H, 7)], listener, 'rx');
    expect(hear([data(sessionKey(H, 7), 0, 'hi')], listener, 'tx')).toEqual(['data 0 hi']);
  });

  test('follows from a frame, once the next one confirms it', () => {
    const listener = new SessionListener();
    const first = data(KEY, 5, 'one');
    expect(listener.receive(first)).toEqual([]);
    const heard = listener.receive(data(KEY, 6, 'two'));
    expect(heard.map(brief)).toEqual(['data 5 one?', 'data 6 two?']);
    expect(heard[0]!.packet).toBe(first);
    expect(heard[0]).toMatchObject({ session: { key: KEY, status: undefined } });
  });

  test('does not follow from one frame', () => {
    expect(hear([data(KEY, 5, 'one')])).toEqual(['unknown']);
    expect(hear([data(KEY, 5, 'one'), data(KEY + 1, 5, 'one'), data(KEY, 6, 'two')])).toEqual(Array(3).fill('unknown'));
  });

  test('does not follow from a frame that is repeated, which a device may do that speaks another protocol', () => {
    const hello = Buffer.from('hello from a plain device');
    expect(hear(Array(10).fill(hello))).toEqual(Array(10).fill('unknown'));
  });

  test('is never that of plain frames with a CRC-32', () => {
    const plain = ['one', 'two', 'three'].map((text) => frame(0xffffffff, [], text));
    expect(hear(plain)).toEqual(Array(3).fill('unknown'));
  });

  test('replaces the key of the session before', () => {
    const other = sessionKey(H + 1, 0);
    const listener = new SessionListener();
    expect(hear([data(KEY, 1, 'a'), data(KEY, 2, 'b'), data(other, 1, 'a')], listener)).toEqual([
      'data 1 a?',
      'data 2 b?',
      'unknown',
    ]);
    expect(hear([data(other, 2, 'b'), data(other, 3, 'c')], listener)).toEqual(['data 2 b?', 'data 3 c?']);
  });

  test('is not replaced by a damaged frame', () => {
    const damaged = data(KEY, 3, 'c');
    damaged[4]! ^= 1;
    expect(hear([open(H), data(KEY, 1, 'a'), damaged, data(KEY, 2, 'b')])).toEqual([
      'open',
      'data 1 a',
      'unknown',
      'data 2 b',
    ]);
  });

  // In the first four bytes, damage looks exactly like another key.
  test.each([[[0x48, 0, 0, 0]], [[0x01, 0x10, 0, 0x80]]])(
    'is not replaced by frames with the same damage: %j',
    (damage) => {
      const damaged = [2, 3, 4].map((number) => data(KEY, number, 'abc').map((byte, at) => byte ^ (damage[at] ?? 0)));
      const heard = hear([open(H), data(KEY, 1, 'a'), ...damaged, data(KEY, 2, 'b')]);
      expect(heard).toEqual(['open', 'data 1 a', 'unknown', 'unknown', 'unknown', 'data 2 b']);
    },
  );

  test('may be that of the session before, if the line repeats its frames', () => {
    const other = sessionKey(9, 0);
    const packets = [open(H), data(KEY, 0, 'a'), open(9), data(other, 0, 'b'), data(KEY, 0, 'a'), data(other, 0, 'b')];
    expect(hear(packets)).toEqual(['open', 'data 0 a', 'open', 'data 0 b', 'data 0 a again', 'data 0 b again']);
  });

  test('is that of the old session until the first frame of the new one', () => {
    const listener = new SessionListener();
    hear([open(H)], listener, 'host');
    expect(hear([status(H, 0), data(KEY, 0, 'a'), status(9, 0), data(KEY, 1, 'b')], listener, 'device')).toEqual([
      'status',
      'data 0 a',
      'status',
      'data 1 b',
    ]);
    expect(hear([data(sessionKey(9, 0), 0, 'c')], listener, 'device')).toEqual(['data 0 c']);
  });
});

describe('the length of the header', () => {
  const wide = (key: number, number: number, payload: string) => frame(key, [number, 0, 0, 0, 0], payload);

  test('follows from STATUS, for each direction', () => {
    const listener = new SessionListener();
    const sizes = { receiveWindow: 32, sendWindow: 9 };
    hear([open(H, 32)], listener, 'a');
    expect(hear([status(H, 0, sizes), frame(KEY, [0, 0, 0, 0, 0, 0], 'hi')], listener, 'b')[1]).toBe('data 0 hi');
    expect(hear([frame(KEY, [0, 0, 0, 0], 'hi')], listener, 'a')).toEqual(['data 0 hi']);
  });

  test('is that of a window up to 8 if the host can hold no more', () => {
    expect(hear([open(H, 8), data(KEY, 0, 'hi')])[1]).toBe('data 0 hi');
    expect(hear([open(H, 9), data(KEY, 0, 'hi')])[1]).toBe('data 0 hi?');
  });

  test('follows from an ACK', () => {
    const ack = frame(KEY, [0x40, 1, 0, 0, 2]);
    expect(hear([ack, wide(KEY, 0, 'hi'), wide(KEY, 0, 'hi')])).toEqual(['ack 1 [18]', 'data 0 hi', 'data 0 hi again']);
  });

  test('is assumed to be that of a window up to 8 until then', () => {
    const ack = frame(KEY, [0x40, 1, 0, 0, 0]);
    const heard = hear([wide(KEY, 0, 'a'), wide(KEY, 1, 'b'), ack, wide(KEY, 1, 'b'), wide(KEY, 2, 'c')]);
    expect(heard).toEqual(['data 0 \0\0a?', 'data 1 \0\0b?', 'ack 1 []', 'data 1 b again', 'data 2 c']);
  });
});

describe('repetitions', () => {
  const heardNumbers = (packets: readonly Uint8Array[], sizes = {}) => {
    const listener = new SessionListener();
    hear([open(H)], listener, 'device');
    hear([status(H, 0, sizes)], listener, 'host');
    return hear(packets, listener, 'device').map((text) => text.endsWith(' again'));
  };

  test('are recognized in any order within the window', () => {
    const numbers = [0, 1, 3, 2, 0, 3, 4, 1, 5];
    expect(heardNumbers(numbers.map((number) => data(KEY, number, `${number}`)))).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  test('are not packets with the same content', () => {
    const numbers = Array.from({ length: 200 }, (_, index) => index % 64);
    expect(heardNumbers(numbers.map((number) => data(KEY, number, 'same')))).toEqual(Array(200).fill(false));
  });

  test('are not packets after many that were not heard', () => {
    // With a window of 4, the sender cannot be that far behind.
    expect(heardNumbers([data(KEY, 0, 'same'), data(KEY, 60, 'same')])).toEqual([false, false]);
    // The content shows that it is another one.
    expect(
      heardNumbers([data(KEY, 2, 'one'), data(KEY, 1, 'two'), data(KEY, 1, 'three'), data(KEY, 2, 'four')]),
    ).toEqual(Array(4).fill(false));
  });

  test('of datagrams have the number of the datagram before', () => {
    const datagram = (number: number, payload: string) => frame(KEY, [0x80 | number, 0, 0], payload);
    const packets = [datagram(1, 'a'), datagram(1, 'a'), datagram(2, 'a'), datagram(2, 'b')];
    expect(heardNumbers(packets)).toEqual([false, true, false, false]);
  });
});

test('what both ends send over one wire is heard without known headers', () => {
  const packets = [open(H, 32), status(H, 0), data(KEY, 0, 'from host'), data(KEY, 0, 'from device', 1)];
  expect(hear(packets)).toEqual(['open', 'status', 'data 0 from host?', 'data 0 from device?']);
});

test('no input makes it throw, and every frame is returned once, in order', () => {
  const seed = runSeed();
  const anyKey = fc.constantFrom(KEY, 1, 2, 0xffffffff);
  const frames = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(anyKey, fc.uint8Array({ minLength: 1, maxLength: 20 })).map(([key, body]) => frame(key, [...body])),
    fc
      .tuple(fc.nat(3), fc.nat(3), fc.nat(40), fc.nat(40))
      .map(([h, d, receiveWindow, sendWindow]) => status(h, d, { receiveWindow, sendWindow })),
    fc.nat(3).map((h) => open(h)),
  );
  const heard = fc.array(fc.tuple(frames, fc.constantFrom('a', 'b', 'c')), { maxLength: 60 });
  const property = fc.property(heard, (packets) => {
    const listener = new SessionListener();
    const returned = new Map<string, HeardFrame[]>();
    for (const [packet, direction] of packets) {
      const before = returned.get(direction) ?? [];
      returned.set(direction, [...before, ...listener.receive(packet, direction)]);
    }
    for (const [direction, before] of returned) {
      const all = [...before, ...listener.flush(direction)].map(({ packet }) => packet);
      const given = packets.filter(([, name]) => name === direction).map(([packet]) => packet);
      expect(all.length).toBe(given.length);
      expect(all.every((packet, index) => packet === given[index])).toBe(true);
    }
  });
  try {
    fc.assert(property, { seed, numRuns: 300 });
  } catch (error) {
    throw new Error(`repeat it with TEST_SEED=${seed}\n${error}`, { cause: error });
  }
});
