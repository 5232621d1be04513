import { describe, expect, test } from 'vitest';
import { newDeliveryStats } from '../../src/delivery/delivery-stats.js';
import { OutgoingPacket } from '../../src/delivery/outgoing-packet.js';
import { PacketQueue } from '../../src/delivery/packet-queue.js';
import { ReceiveWindow } from '../../src/delivery/receive-window.js';
import { RoundTrip } from '../../src/delivery/round-trip.js';
import { SendWindow } from '../../src/delivery/send-window.js';
import { Session } from '../../src/delivery/session.js';
import { type HandshakeFrame, handshakeBody, readHandshake, sessionKey } from '../../src/delivery/wire-format.js';
import vectors from '../vectors/delivery.json' with { type: 'json' };

/** The host's code against test/vectors/delivery.json. */

const PACKET = Uint8Array.of(1);

function newPacket(): OutgoingPacket {
  return new OutgoingPacket(PACKET, 1_000, { delivered() {}, failed() {} });
}

test.for(vectors.keys)('has the key of $h and $d', ({ h, d, key }) => {
  expect(sessionKey(h, d)).toBe(key);
});

test.for(vectors.frames.filter(({ kind }) => ['OPEN', 'STATUS', 'NO_SESSION'].includes(kind)))(
  'reads and writes $name',
  ({ body, crc }) => {
    const frame = readHandshake(Buffer.from(body, 'hex'));
    expect(frame).toBeDefined();
    expect(Buffer.from(handshakeBody(frame as HandshakeFrame)).toString('hex')).toBe(body + crc);
  },
);

test.for(vectors.receive)('with window $window and next $next, number $number is $inWindow', (vector) => {
  const window = new ReceiveWindow(vector.window);
  for (let number = 0; number < vector.next; number++) {
    window.add(number, PACKET);
    window.take();
  }
  expect(window.add(vector.number, PACKET)).toBe(vector.inWindow);
});

test.for(vectors.acknowledge)(
  'from oldest $oldest, $unacknowledged packets and next $next follows $taken',
  (vector) => {
    const stats = newDeliveryStats();
    const window = new SendWindow(32, new RoundTrip(10), stats);
    const held = new Uint8Array(4);
    const send = () => window.transmitted(window.add(newPacket()), 0);
    for (let number = 0; number < vector.oldest; number++) {
      send();
      window.acknowledge((number + 1) % 64, held, 0, 0);
    }
    for (let count = 0; count < vector.unacknowledged; count++) {
      send();
    }
    window.acknowledge(vector.next, held, 0, 0);
    expect(stats.packetsDelivered - vector.oldest).toBe(vector.taken ?? 0);
    expect(stats.staleAcks).toBe(vector.impossible ? 1 : 0);
  },
);

describe('datagrams', () => {
  const sizes = { sendWindow: 4, receiveWindow: 4, sendMaxPacketBytes: 64, receiveMaxPacketBytes: 64 };
  const times = { baudRate: 115_200, pollMs: 1_000, roundTripMs: undefined };

  test.for(vectors.datagrams)('after number $last, number $number is repeated: $isRepeated', ({ last, ...vector }) => {
    const stats = newDeliveryStats();
    const queues = { packets: new PacketQueue(), datagrams: new PacketQueue() };
    const session = new Session({ key: 1, d: 0, ...sizes, ...times }, queues, stats, 0, false);
    const receive = (number: number) => session.receive(Uint8Array.of(0x80 | number, 0, 0, 7), 0);
    if (last !== null) {
      receive(last);
      session.take();
    }
    receive(vector.number);
    expect(session.take()).toEqual(vector.isRepeated ? undefined : Uint8Array.of(7));
    expect(stats.duplicates).toBe(vector.isRepeated ? 1 : 0);
  });
});
