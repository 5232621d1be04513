// Writes delivery.json: frames of acknowledged delivery to the byte, the arithmetic of sequence numbers, and a few dialogs.
// It follows docs/wire.md and uses no code of the project: CRC and COBS are written out here bit by bit and byte by byte.
// Usage: node test/vectors/make-delivery.mjs [FILE] && npm run format
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const HANDSHAKE_START = 0xffffffff;

/** CRC-32/ISO-HDLC from a start value, one bit at a time. */
function crc32(bytes, start) {
  let crc = start >>> 0;
  for (const byte of bytes) {
    crc = (crc ^ byte) >>> 0;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? ((crc >>> 1) ^ 0xedb88320) >>> 0 : crc >>> 1;
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function cobs(bytes) {
  const out = [0];
  let code = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte !== 0) {
      out.push(byte);
    }
    const isFull = out.length - code === 255;
    if (byte === 0 || (isFull && index < bytes.length - 1)) {
      out[code] = out.length - code;
      code = out.length;
      out.push(0);
    }
  }
  out[code] = out.length - code;
  return out;
}

const u16 = (value) => [value >>> 8, value & 0xff];
const u32 = (value) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytesOf = (text) => [...Buffer.from(text, 'hex')];

/** The start value of the CRC of a session. */
function keyOf(h, d) {
  const key = crc32([...u32(h), ...u32(d)], HANDSHAKE_START);
  return key === HANDSHAKE_START ? 0 : key;
}

/** The bytes of a frame before COBS, without the CRC. */
function bodyOf(frame) {
  switch (frame.kind) {
    case 'OPEN':
      return [0xc1, frame.version, ...u32(frame.h), frame.hostWindow, ...u16(frame.hostMaxPacketBytes)];
    case 'STATUS':
      return [
        ...[0xc2, frame.version, ...u32(frame.h), ...u32(frame.d), frame.receiveWindow, frame.sendWindow],
        ...[...u16(frame.receiveMaxPacketBytes), ...u16(frame.sendMaxPacketBytes)],
      ];
    case 'NO_SESSION':
      return [0xc3, frame.version, ...u32(frame.d)];
    default: {
      const held = Array(Math.ceil(frame.acknowledgedWindow / 8)).fill(0);
      for (const ahead of frame.held) {
        held[ahead >> 3] |= 1 << (ahead & 7);
      }
      const kind = { DATA: 0, ACK: 1, DATAGRAM: 2 }[frame.kind];
      const first = (kind << 6) | (frame.number ?? 0);
      return [first, (frame.poll ? 0x80 : 0) | frame.next, ...held, ...bytesOf(frame.payload ?? '')];
    }
  }
}

/** The frame on the wire, with its delimiter. */
function wireOf(body, key) {
  const crc = crc32(body, key);
  const sealed = [...body, crc & 0xff, (crc >>> 8) & 0xff, (crc >>> 16) & 0xff, crc >>> 24];
  return { body: hex(body), crc: hex(sealed.slice(-4)), wire: hex([...cobs(sealed), 0]) };
}

const H = 0x12345678;
const D = 0x00050001;
const KEY = keyOf(H, 0);

const open = { kind: 'OPEN', version: 1, h: H, hostWindow: 8, hostMaxPacketBytes: 256 };
const status = {
  ...{ kind: 'STATUS', version: 1, h: H, d: 0, receiveWindow: 4, sendWindow: 4 },
  ...{ receiveMaxPacketBytes: 64, sendMaxPacketBytes: 64 },
};
/** A frame of the session, from an end that acknowledges a window of 4. */
const inSession = (frame) => ({ acknowledgedWindow: 4, next: 0, poll: false, held: [], ...frame });

const isHandshake = ({ kind }) => ['OPEN', 'STATUS', 'NO_SESSION'].includes(kind);

/** A frame with its bytes. */
function withBytes(frame) {
  return { ...frame, ...wireOf(bodyOf(frame), isHandshake(frame) ? HANDSHAKE_START : KEY) };
}

const frames = [
  ['OPEN of a host', open],
  ['OPEN with the largest values', { ...open, h: 0xffffffff, hostWindow: 32, hostMaxPacketBytes: 65535 }],
  ['OPEN with the least values', { ...open, h: 1, hostWindow: 1, hostMaxPacketBytes: 1 }],
  ['STATUS of a device on a line that keeps its order', status],
  ['STATUS of a device with a start counter', { ...status, d: D }],
  [
    'STATUS with different sizes each way',
    { ...status, receiveWindow: 32, sendWindow: 9, receiveMaxPacketBytes: 1024, sendMaxPacketBytes: 256 },
  ],
  ['NO_SESSION of a device without a start counter', { kind: 'NO_SESSION', version: 1, d: 0 }],
  ['NO_SESSION of a device with a start counter', { kind: 'NO_SESSION', version: 1, d: 0x00060000 }],
  ['DATA, the first packet of a session', inSession({ kind: 'DATA', number: 0, payload: '6869' })],
  ['DATA without payload: an empty packet', inSession({ kind: 'DATA', number: 1, payload: '' })],
  ['DATA with the last number', inSession({ kind: 'DATA', number: 63, next: 63, payload: '00' })],
  [
    'DATA that acknowledges: 2 is next, 2 and 3 wait',
    inSession({ kind: 'DATA', number: 5, next: 2, held: [0, 1], payload: 'ff' }),
  ],
  [
    'DATA that acknowledges and has a gap',
    inSession({ kind: 'DATA', number: 6, next: 2, held: [1, 3], payload: '0102' }),
  ],
  ['DATA that asks for an ACK', inSession({ kind: 'DATA', number: 7, poll: true, payload: '6869' })],
  ['ACK', inSession({ kind: 'ACK', next: 1 })],
  ['ACK with everything held', inSession({ kind: 'ACK', next: 62, held: [0, 1, 2, 3] })],
  ['a poll', inSession({ kind: 'ACK', poll: true })],
  ['DATAGRAM, the first of a session', inSession({ kind: 'DATAGRAM', number: 0, payload: '6869' })],
  ['DATAGRAM without payload', inSession({ kind: 'DATAGRAM', number: 1, next: 17, payload: '' })],
  ['DATAGRAM with the last number', inSession({ kind: 'DATAGRAM', number: 63, held: [1], payload: '6869' })],
  ['ACK of a window of 8', inSession({ acknowledgedWindow: 8, kind: 'ACK', next: 3, held: [7] })],
  ['ACK of a window of 9', inSession({ acknowledgedWindow: 9, kind: 'ACK', next: 3, held: [0, 8] })],
  ['ACK of a window of 32', inSession({ acknowledgedWindow: 32, kind: 'ACK', next: 40, held: [1, 8, 16, 31] })],
  [
    'DATA of a window of 32 with 254 bytes',
    inSession({
      acknowledgedWindow: 32,
      kind: 'DATA',
      number: 9,
      payload: hex(Array.from({ length: 254 }, (_, index) => index + 1)),
    }),
  ],
].map(([name, frame]) => ({ name, ...(isHandshake(frame) ? {} : { key: KEY }), ...withBytes(frame) }));

/** A dialog from the start of the device. 'lost' never arrives. */
const dialog = [
  ['device', 'starts', { kind: 'NO_SESSION', version: 1, d: 0 }],
  ['host', 'asks for a session', open],
  ['device', 'answers', status],
  ['host', 'sends packet 0, `hi`', inSession({ kind: 'DATA', number: 0, payload: '6869' })],
  ['device', 'has packet 0, its application not yet', inSession({ kind: 'ACK', next: 0, held: [0] })],
  ['device', 'its application has taken packet 0', inSession({ kind: 'ACK', next: 1 })],
  ['host', 'sends packet 1, `hi`; the line loses it', inSession({ kind: 'DATA', number: 1, payload: '6869' })],
  ['host', 'sends packet 2, `ok`', inSession({ kind: 'DATA', number: 2, payload: '6f6b' })],
  ['device', 'has packet 2, and so shows the loss of packet 1', inSession({ kind: 'ACK', next: 1, held: [1] })],
  ['host', 'sends packet 1 again, at once', inSession({ kind: 'DATA', number: 1, payload: '6869' })],
  [
    'device',
    'has taken both, sends its packet 0, `ok`',
    inSession({ kind: 'DATA', number: 0, next: 3, payload: '6f6b' }),
  ],
  ['host', 'its application has taken packet 0', inSession({ kind: 'ACK', next: 1 })],
  ['host', 'is idle: polls', inSession({ kind: 'ACK', next: 1, poll: true })],
  ['device', 'answers', inSession({ kind: 'ACK', next: 3 })],
  ['host', 'sends a datagram, `hi`', inSession({ kind: 'DATAGRAM', number: 0, next: 1, payload: '6869' })],
].map(([from, event, frame]) => ({ from, event, ...withBytes(frame) }));

/** h and d whose CRC is ffffffff: the key is 0. The CRC of 8 bytes is a one-to-one map of the last four, so one d fits. */
function zeroKey(h) {
  // Run the CRC backwards from its final state, which is 0, over four unknown bytes: d is what makes it 0.
  let state = 0;
  for (let bit = 0; bit < 32; bit++) {
    state = state & 0x80000000 ? (((state ^ 0xedb88320) << 1) | 1) >>> 0 : (state << 1) >>> 0;
  }
  const before = (crc32(u32(h), HANDSHAKE_START) ^ 0xffffffff) >>> 0;
  const difference = (state ^ before) >>> 0;
  // The register takes its bytes least significant first.
  const d = u32(difference)
    .reverse()
    .reduce((value, byte) => value * 256 + byte, 0);
  return { h, d };
}

const keys = [{ h: H, d: 0 }, { h: H, d: D }, { h: 1, d: 0 }, { h: 0xffffffff, d: 0xffffffff }, zeroKey(H)].map(
  ({ h, d }) => ({ h, d, crc: crc32([...u32(h), ...u32(d)], HANDSHAKE_START), key: keyOf(h, d) }),
);

/** What a receiver does with the number of a DATA frame. */
const receive = [
  [4, 0, 0],
  [4, 0, 3],
  [4, 0, 4],
  [4, 0, 63],
  [4, 62, 63],
  [4, 62, 1],
  [4, 62, 2],
  [4, 62, 61],
  [32, 40, 7],
  [32, 40, 8],
  [32, 40, 39],
  [1, 63, 63],
  [1, 63, 0],
].map(([window, next, number]) => {
  const ahead = (number - next + 64) % 64;
  return { window, next, number, ahead, inWindow: ahead < window };
});

/** What a receiver does with the number of a DATAGRAM, after the one with the number `last` (null: none in this session). */
const datagrams = [
  [null, 0],
  [null, 5],
  [0, 0],
  [0, 1],
  [63, 0],
  [63, 63],
  [5, 7],
  [5, 4],
].map(([last, number]) => ({ last, number, isRepeated: last === number }));

/** What a sender does with next of an acknowledgement. */
const acknowledge = [
  [0, 3, 0],
  [0, 3, 2],
  [0, 3, 3],
  [0, 3, 4],
  [62, 4, 2],
  [62, 4, 3],
  [62, 4, 61],
  [40, 32, 8],
  [40, 32, 9],
  [5, 0, 5],
  [5, 0, 6],
].map(([oldest, unacknowledged, next]) => {
  const taken = (next - oldest + 64) % 64;
  return taken <= unacknowledged
    ? { oldest, unacknowledged, next, taken }
    : { oldest, unacknowledged, next, impossible: true };
});

const data = bodyOf(inSession({ kind: 'DATA', number: 0, payload: '6869' }));
const special = [
  ['a frame of another session', wireOf(data, keyOf(H + 1, 0)).wire, 'damaged'],
  ['a frame of a session with the start value of the handshake', wireOf(data, HANDSHAKE_START).wire, 'damaged'],
  ['an OPEN with the key of the session', wireOf(bodyOf(open), KEY).wire, 'damaged'],
  ['a wrong CRC', hex([...cobs([...bodyOf(inSession({ kind: 'ACK' })), 0, 0, 0, 0]), 0]), 'damaged'],
  ['only a CRC', wireOf([], KEY).wire, 'too short'],
  ['a frame of the session without held', wireOf([0x40, 0x00], KEY).wire, 'too short'],
  ['DATA with more than 64 bytes', wireOf([0, 0, 0, ...Array(65).fill(1)], KEY).wire, 'too long'],
  ['a handshake frame with the number 4', wireOf([0xc4, 1, ...u32(H)], HANDSHAKE_START).wire, 'ignored'],
  [
    'OPEN of version 2, with more fields',
    wireOf([0xc1, 2, ...u32(H), 1, 2, 3, 4, 5], HANDSHAKE_START).wire,
    'answered with STATUS of version 1',
  ],
  ['ACK with the reserved bit', wireOf([0x40, 0x41, 0x00], KEY).wire, 'read as ACK, next 1'],
  ['ACK with a number', wireOf([0x45, 0x01, 0x00], KEY).wire, 'read as ACK, next 1'],
].map(([name, wire, result]) => ({ name, wire, result }));

const about =
  "Frames of acknowledged delivery (docs/wire.md), made by make-delivery.mjs. 'body' is the frame before its CRC, 'crc' the CRC " +
  "as it is sent, 'wire' COBS of both and the delimiter; all in hexadecimal. 'key' is the start value of the CRC of a frame in a " +
  "session; that of the others is ffffffff. 'held' lists the packets that wait, as distances from 'next'. 'keys': from H and D " +
  "to the key. 'receive': the number of a DATA frame at a receiver. 'datagrams': that of a DATAGRAM. 'acknowledge': next at a " +
  "sender. 'special': what a receiver in the session of the frames (window 4 each way) does with unusual frames. " +
  "'dialog': frames in the order in which they are sent.";

const vectors = { about, keys, frames, receive, datagrams, acknowledge, special, dialog };
writeFileSync(
  process.argv[2] ?? path.join(import.meta.dirname, 'delivery.json'),
  `${JSON.stringify(vectors, undefined, 2)}\n`,
);
