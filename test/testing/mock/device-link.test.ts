import { beforeEach, expect, test } from 'vitest';
import { Opener } from '../../../src/delivery/opener.js';
import type { DeliveryFailure } from '../../../src/delivery/outgoing-packet.js';
import { maxWriteBytes } from '../../../src/delivery/wire-format.js';
import { DeviceLink, type DeviceLinkOptions } from '../../../src/testing/mock/device-link.js';
import { OpenerReader } from '../../delivery/opener-reader.js';
import vectors from '../../vectors/delivery.json' with { type: 'json' };

/** What the two ends report, in order. */
let events: string[];
/** How many packets the application of the device takes. */
let room: number;

beforeEach(() => {
  events = [];
  room = Number.POSITIVE_INFINITY;
});

function text(bytes: Uint8Array): string {
  return bytes.length > 20 ? `${bytes.length} bytes` : Buffer.from(bytes).toString();
}

function newLink(options: DeviceLinkOptions): DeviceLink {
  return new DeviceLink(options, {
    packetArrived: (packet) => {
      if (room === 0) {
        return false;
      }
      room--;
      events.push(`device: packet ${text(packet)}`);
      return true;
    },
    datagramArrived: (packet) => events.push(`device: datagram ${text(packet)}`) > 0,
    sessionBegan: (lost) => events.push(`device: session, ${lost} lost`),
  });
}

function newOpener(maxPacketBytes: number): Opener {
  let random = 0x1234_5677;
  return new Opener(
    {
      maxPacketBytes,
      receiveWindow: 32,
      ackTimeoutMs: 5_000,
      keepAliveMs: 3_000,
      baudRate: 115_200,
      random: () => ++random,
    },
    {
      established: (peer) => events.push(`host: session, ${peer.receiveWindow} and ${peer.sendMaxPacketBytes} bytes`),
      ended: (why) => events.push(`host: ${why}`),
      incompatible: (reason) => events.push(`host: incompatible: ${reason}`),
      silent: () => {},
    },
  );
}

function send(opener: Opener, packet: Uint8Array, nowMs: number): void {
  const report = (failure?: DeliveryFailure) => void events.push(`host: ${failure?.code ?? 'delivered'}`);
  opener.send(packet, { delivered: report, failed: report }, nowMs);
}

const readers = new WeakMap<Opener, OpenerReader>();

function readerOf(opener: Opener): OpenerReader {
  const reader = readers.get(opener) ?? new OpenerReader(opener);
  readers.set(opener, reader);
  return reader;
}

/** Lets both ends write until neither has more to write. */
function exchange(opener: Opener, link: DeviceLink, nowMs: number): void {
  const buffer = new Uint8Array(maxWriteBytes(65_535));
  const reader = readerOf(opener);
  for (let isBusy = true; isBusy; ) {
    const end = opener.write(buffer, 0, nowMs);
    link.push(buffer.subarray(0, end), nowMs);
    link.poll(nowMs);
    isBusy = end > 0;
    for (let bytes = link.take(); bytes.length > 0; bytes = link.take()) {
      reader.receive(bytes, nowMs);
      isBusy = true;
    }
    for (let packet = opener.take(); packet !== undefined; packet = opener.take()) {
      events.push(`host: packet ${text(packet)}`);
    }
  }
}

function frames(bytes: Uint8Array): string[] {
  return Buffer.from(bytes)
    .toString('hex')
    .match(/(..)*?00/g)!
    .filter((frame) => frame !== '00');
}

test('speaks to the byte as docs/wire.md says', () => {
  const link = newLink({ window: 4, maxPacketBytes: 64 });
  // What the application of the device does at each step of the dialog.
  const actions: Record<string, () => void> = {
    'its application has taken packet 0': () => {
      room = 1;
    },
    'has taken both, sends its packet 0, `ok`': () => {
      room = 2;
      link.send(Buffer.from('ok'));
    },
  };
  room = 0;
  for (const [nowMs, { from, event, wire }] of vectors.dialog.entries()) {
    if (from === 'host') {
      // The line loses the first transmission of packet 1.
      if (!event.includes('loses it')) {
        link.push(Buffer.from(wire, 'hex'), nowMs);
      }
    } else {
      actions[event]?.();
      link.poll(nowMs);
      expect(frames(link.take()), event).toEqual([wire]);
    }
  }
  expect(events).toEqual([
    'device: session, 0 lost',
    'device: packet hi',
    'device: packet hi',
    'device: packet ok',
    'device: datagram hi',
  ]);
  expect(link.counts).toEqual({ resent: 0, duplicates: 0, damaged: 0, dropped: 0 });
});

test.for([4, 32] as const)('exchanges the largest packets with the host, with a window of %i', (window) => {
  const link = newLink({ window });
  const opener = newOpener(65_535);
  opener.portOpened(0);
  exchange(opener, link, 0);
  for (let count = 0; count < 3 * window; count++) {
    send(opener, new Uint8Array(65_535 - count), count);
    link.send(new Uint8Array(65_535).fill(count));
    exchange(opener, link, count);
  }
  const sizes = Array.from({ length: 3 * window }, (_, count) => 65_535 - count);
  const starting = (prefix: string) => events.filter((event) => event.startsWith(prefix));
  expect(events[0]).toBe(`host: session, ${window} and 65535 bytes`);
  expect(starting('device: packet')).toEqual(sizes.map((bytes) => `device: packet ${bytes} bytes`));
  expect(starting('host: delivered')).toHaveLength(sizes.length);
  expect(starting('host: packet 65535 bytes')).toHaveLength(sizes.length);
  expect(link.waiting).toBe(0);
  expect(link.send(new Uint8Array(65_536))).toBe(false);
});
