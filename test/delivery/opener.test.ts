import { beforeEach, expect, test } from 'vitest';
import { Opener } from '../../src/delivery/opener.js';
import type { DeliveryFailure } from '../../src/delivery/outgoing-packet.js';
import { handshakeBody } from '../../src/delivery/wire-format.js';
import { Answerer, type AnswererSettings } from './answerer.js';
import { OpenerReader } from './opener-reader.js';

const SIZES: AnswererSettings = {
  receiveWindow: 4,
  sendWindow: 4,
  receiveMaxPacketBytes: 64,
  sendMaxPacketBytes: 64,
  baudRate: 115_200,
  pollMs: 1_000,
  startCounter: 0,
};

let events: string[];
let opener: Opener;
let reader: OpenerReader;
let random: number;

beforeEach(() => {
  events = [];
  random = 0;
  opener = new Opener(
    {
      maxPacketBytes: 64,
      receiveWindow: 4,
      ackTimeoutMs: 5_000,
      keepAliveMs: 3_000,
      baudRate: 115_200,
      random: () => ++random,
    },
    {
      established: () => events.push('established'),
      ended: (why) => events.push(`ended ${why}`),
      incompatible: (reason) => events.push(`incompatible: ${reason}`),
      silent: (isSilent) => events.push(isSilent ? 'silent' : 'heard'),
    },
  );
  reader = new OpenerReader(opener);
});

/** Exchanges frames until both ends have nothing to write. The answerer takes what it gets. */
function exchange(answerer: Answerer, nowMs: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  const buffer = new Uint8Array(2_000);
  for (let isBusy = true; isBusy; ) {
    const sentEnd = opener.write(buffer, 0, nowMs);
    answerer.receive(buffer.subarray(0, sentEnd), nowMs);
    for (let packet = answerer.take(); packet !== undefined; packet = answerer.take()) {
      taken.push(packet);
    }
    const answeredEnd = answerer.write(buffer, 0, nowMs);
    reader.receive(buffer.subarray(0, answeredEnd), nowMs);
    isBusy = sentEnd + answeredEnd > 0;
  }
  return taken;
}

function send(packet: Uint8Array, nowMs: number) {
  const report = (name: string) => (failure?: DeliveryFailure) =>
    void events.push(failure === undefined ? name : `${name} ${failure.code} ${failure.delivered}`);
  return opener.send(packet, { delivered: report('delivered'), failed: report('failed') }, nowMs);
}

test('a packet sent before the handshake waits for it', () => {
  const answerer = new Answerer(SIZES, () => {});
  send(Uint8Array.of(1, 2, 3), 0);
  opener.portOpened(0);
  expect(exchange(answerer, 0)).toEqual([Uint8Array.of(1, 2, 3)]);
  expect(events).toEqual(['established', 'delivered']);
});

test('packets that the peer cannot take are PACKET_TOO_LARGE after the handshake', () => {
  send(new Uint8Array(9), 0);
  opener.portOpened(0);
  exchange(new Answerer({ ...SIZES, receiveMaxPacketBytes: 8 }, () => {}), 0);
  send(new Uint8Array(9), 0);
  expect(events).toEqual(['failed PACKET_TOO_LARGE no', 'established', 'failed PACKET_TOO_LARGE no']);
});

test.each([
  [
    { version: 2 },
    'speaks version 2 of acknowledged delivery; expected version 1: build its firmware with the link.c of this library',
  ],
  [{ receiveWindow: 33 }, 'has a receive window of 33 packets; expected 1 to 32'],
  [{ sendMaxPacketBytes: 65 }, 'may send packets of 65 bytes; expected at most 64: raise maxPacketBytes'],
])('a peer with %j is incompatible', (sizes, reason) => {
  send(Uint8Array.of(1), 0);
  opener.portOpened(0);
  exchange(new Answerer({ ...SIZES, ...sizes }, () => {}), 0);
  send(Uint8Array.of(1), 0);
  expect(events).toEqual([`incompatible: ${reason}`, 'failed PEER_INCOMPATIBLE no', 'failed PEER_INCOMPATIBLE no']);
});

test('without an answer, a packet fails with ACK_TIMEOUT and was not delivered', () => {
  opener.portOpened(0);
  send(Uint8Array.of(1), 0);
  opener.advance(4_999);
  expect(events).toEqual([]);
  opener.advance(5_000);
  expect(events).toEqual(['failed ACK_TIMEOUT no']);
});

test('the session continues after the port was closed, if the peer has not restarted', () => {
  const answerer = new Answerer(SIZES, () => {});
  opener.portOpened(0);
  exchange(answerer, 0);
  opener.portClosed(1_000);
  send(Uint8Array.of(7), 2_000);
  opener.portOpened(3_000);
  expect(exchange(answerer, 3_000)).toEqual([Uint8Array.of(7)]);
  expect(events).toEqual(['established', 'delivered']);
});

test('a peer that has restarted is reported after its packets have failed', () => {
  const buffer = new Uint8Array(500);
  opener.portOpened(0);
  exchange(new Answerer(SIZES, () => {}), 0);
  send(Uint8Array.of(1), 0);
  opener.write(buffer, 0, 0);
  opener.portClosed(10);
  send(Uint8Array.of(2), 10);
  opener.portOpened(20);
  exchange(new Answerer(SIZES, () => {}), 20);
  expect(events).toEqual([
    'established',
    'failed PEER_RESET unknown',
    'failed PEER_RESET no',
    'ended PEER_RESET',
    'established',
  ]);
});

test('an aborted packet that has a number is still sent until it is taken', () => {
  const answerer = new Answerer(SIZES, () => {});
  const buffer = new Uint8Array(500);
  opener.portOpened(0);
  exchange(answerer, 0);
  const memory = Uint8Array.of(1);
  const packet = send(memory, 0);
  opener.write(buffer, 0, 0);
  opener.abort(packet);
  memory[0] = 9;
  send(Uint8Array.of(2), 0);
  opener.advance(opener.dueAtMs);
  expect(exchange(answerer, 1_000)).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  expect(events).toEqual(['established', 'delivered']);
});

test('a peer that stays silent is polled and reported once', () => {
  const buffer = new Uint8Array(500);
  opener.portOpened(0);
  exchange(new Answerer(SIZES, () => {}), 0);
  while (opener.dueAtMs <= 10_000) {
    const nowMs = opener.dueAtMs;
    opener.advance(nowMs);
    opener.write(buffer, 0, nowMs);
  }
  expect(events).toEqual(['established', 'silent']);
  expect(opener.stats.pollsSent).toBeGreaterThan(3);
  expect(opener.stats.pollsSent).toBeLessThan(30);
});

test('a silent peer that has restarted is reported as heard', () => {
  const buffer = new Uint8Array(500);
  opener.portOpened(0);
  exchange(new Answerer(SIZES, () => {}), 0);
  for (; events.at(-1) !== 'silent'; opener.advance(opener.dueAtMs)) {
    opener.write(buffer, 0, opener.dueAtMs);
  }
  exchange(new Answerer(SIZES, () => {}), 4_000);
  expect(events).toEqual(['established', 'silent', 'heard', 'ended PEER_RESET', 'established']);
});

test('no STATUS is an answer before OPEN was written', () => {
  opener.portOpened(0);
  const sizes = { receiveWindow: 4, sendWindow: 4, receiveMaxPacketBytes: 64, sendMaxPacketBytes: 64 };
  const body = handshakeBody({ type: 'status', version: 1, h: 0, d: 0, ...sizes });
  opener.receive(body.subarray(0, -4), 0);
  expect(opener.state).toBe('opening');
  expect(opener.stats.handshakesIgnored).toBe(1);
});

/** Why a packet is not acknowledged in time, if nothing is written or received any more. */
function causeOf(prepare: () => void): string | undefined {
  let cause: string | undefined;
  opener.portOpened(0);
  exchange(new Answerer(SIZES, () => {}), 0);
  opener.send(Uint8Array.of(1), { delivered: () => {}, failed: (failure) => (cause = failure.cause) }, 0);
  prepare();
  while (opener.dueAtMs <= 5_000) {
    opener.advance(opener.dueAtMs);
  }
  return cause;
}

test('a packet whose only transmission is stuck in a stalled port names a silent device', () => {
  expect(causeOf(() => opener.write(new Uint8Array(500), 0, 1))).toBe('silent');
});

test('a packet that is alone and was never written names a silent device, not packets before it', () => {
  const prepare = () => {
    opener.portClosed(0);
    opener.portOpened(0);
  };
  expect(causeOf(prepare)).toBe('silent');
});

/** The rest of a dialog, in which the peer gets only short frames: longer ones do not fit into its receive buffer. */
function dialog(answerer: Answerer, untilMs: number): void {
  const buffer = new Uint8Array(500);
  for (let nowMs = 0; nowMs <= untilMs; nowMs = opener.hasWork ? nowMs : opener.dueAtMs) {
    opener.advance(nowMs);
    const end = opener.write(buffer, 0, nowMs);
    for (let from = 0, to = 0; from < end; from = to) {
      to = buffer.indexOf(0, from) + 1;
      if (to - from < 30) {
        answerer.receive(buffer.subarray(from, to), nowMs);
      }
    }
    const answeredEnd = answerer.write(buffer, 0, nowMs);
    reader.receive(buffer.subarray(0, answeredEnd), nowMs);
  }
}

function sendForCause(packet: Uint8Array, nowMs: number) {
  opener.send(packet, { delivered() {}, failed: ({ cause }) => void events.push(`failed: ${cause}`) }, nowMs);
}

test('a peer that never receives a packet is polled, and not taken for silent', () => {
  const answerer = new Answerer(SIZES, () => {});
  opener.portOpened(0);
  // Also the first frame of the session.
  sendForCause(new Uint8Array(60), 0);
  dialog(answerer, 5_000);
  expect(events).toEqual(['established', 'failed: lost', 'ended ACK_TIMEOUT', 'established']);
});

test('a peer to which nothing could be sent again is silent', () => {
  opener.portOpened(0);
  exchange(new Answerer(SIZES, () => {}), 0);
  sendForCause(new Uint8Array(60), 0);
  opener.write(new Uint8Array(500), 0, 0);
  opener.advance(5_000);
  expect(events).toEqual(['established', 'failed: silent', 'ended ACK_TIMEOUT']);
});
