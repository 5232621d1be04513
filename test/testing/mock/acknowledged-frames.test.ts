import { afterEach, describe, expect, test, vi } from 'vitest';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../../src/testing/index.js';
import { outcome, someTurns } from '../../contract/harness.js';
import { openRaw, readRaw } from '../../support/raw-port.js';
import { catchUncaught } from '../../support/uncaught.js';
import vectors from '../../vectors/delivery.json' with { type: 'json' };
import { HandMadeHost } from './hand-made-host.js';
import { path } from './rig.js';

/*
 * A device with acknowledged delivery, and a host that is made by hand. What a host of the library does with it is in
 * mock-device-acknowledged.test.ts.
 */

const text = (packet: Uint8Array) => Buffer.from(packet).toString();
const packet = (content: string) => Buffer.from(content);

/** A device whose port is open. */
async function plugged(options: Partial<MockDeviceOptions> = {}) {
  const device = new MockDevice({ path, delivery: 'acknowledged', ...options });
  const binding = mockBinding(device);
  const port = await openRaw(binding, path);
  return { device, binding, port, host: new HandMadeHost(port) };
}

/** The same, in a session that the device knows. */
async function inSession(options: Partial<MockDeviceOptions> = {}) {
  const parts = await plugged(options);
  await parts.host.open(1);
  await parts.host.poll(0);
  expect(await parts.host.next()).toBe('ACK 0 next 0 held 0');
  return parts;
}

function errorOf(promise: Promise<unknown>) {
  return outcome(promise).then((result) => ('error' in result ? (result.error as Error).message : 'resolved'));
}

afterEach(() => {
  vi.useRealTimers();
});

test('speaks the dialog in docs/wire.md to the byte', async () => {
  const onPacket: MockDeviceOptions['onPacket'] = (received, device) => {
    if (text(received) === 'ok') {
      void device.send(received);
    }
  };
  const { device, port } = await plugged({ maxPacketBytes: 64, onPacket });
  const shown: string[] = [];
  for (const { from, event, wire } of vectors.dialog) {
    if (event === 'sends packet 0, `hi`') {
      device.pause();
    } else if (event === 'its application has taken packet 0' && from === 'device') {
      device.resume();
    }
    if (from === 'device') {
      const bytes = (await readRaw(port)).toString('hex').replace(/^00/, '');
      shown.push(`${event}: ${bytes}`);
    } else if (!event.includes('loses it')) {
      await port.write(Buffer.from(wire, 'hex'));
    }
  }
  const expected = vectors.dialog.filter(({ from }) => from === 'device');
  expect(shown).toEqual(expected.map(({ event, wire }) => `${event}: ${wire}`));
  expect(device.received.map(text)).toEqual(['hi', 'hi', 'ok', 'hi']);
});

test.for(vectors.special)('takes $name as docs/wire.md says', async ({ wire, result }) => {
  const { device, host, port } = await plugged({ maxPacketBytes: 64 });
  await host.open(0x1234_5678);
  let isTaken = false;
  void device.send(packet('a')).then(() => {
    isTaken = true;
  });
  await host.poll(0);
  expect(await host.next()).toBe('DATA 0 next 0 held 0 a');
  await port.write(Buffer.from(wire, 'hex'));
  if (result.startsWith('answered')) {
    expect(await host.next()).toMatch(/^STATUS /);
  }
  await someTurns(2);
  const isAcknowledgement = result === 'read as ACK, next 1';
  expect(isTaken).toBe(isAcknowledgement);
  expect(device.linkStats?.damaged).toBe(isAcknowledgement || result.startsWith('answered') ? 0 : 1);
  expect(device.received).toEqual([]);
});

describe('a session', () => {
  test('begins with the sizes of the device, and ends what the device had in another one', async () => {
    const { device, host } = await plugged({ maxPacketBytes: 0x1234 });
    expect(await host.next()).toBe('NO_SESSION 00000000');
    expect(await host.open(0xabcd)).toBe('STATUS 0000abcd00000000040412341234');
    expect(device.linkStats?.isInSession).toBe(false);
    await host.data(0, 0, 'first');
    expect(device.linkStats?.isInSession).toBe(true);
    expect(text(await device.nextPacket())).toBe('first');
    const sent = errorOf(device.send(packet('lost')));
    await host.open(0xabce);
    await host.data(0, 0, 'second');
    expect(await sent).toBe(`MockDevice ${path}: cannot send, the host has begun another session`);
    expect(device.received.map(text)).toEqual(['first', 'second']);
  });

  test('promises no longer packets than the host accepts, unless maxPacketBytes is given', async () => {
    const any = await plugged({ requestIds: { bytes: 1 } });
    expect(await any.host.open(1, 0x0100)).toBe('STATUS 00000001000000000404ffff0100');
    await any.host.poll(0);
    expect(await errorOf(any.device.send(new Uint8Array(0x100)))).toBe(
      `MockDevice ${path}: cannot send, a packet has 257 bytes; expected at most 256`,
    );
    // A host with more room gets more, in its session.
    expect(await any.host.open(2, 0x0200)).toBe('STATUS 00000002000000000404ffff0200');
    const given = await plugged({ requestIds: { bytes: 1 }, maxPacketBytes: 0x0fff });
    expect(await given.host.open(1, 0x0100)).toBe('STATUS 0000000100000000040410001000');
  });

  test('has the windows of the option', async () => {
    const { host } = await plugged({ link: { window: 32 } });
    expect(await host.open(1)).toBe('STATUS 00000001000000002020ffffffff');
  });

  test('has a start counter that grows with each reset', async () => {
    const { device, host } = await plugged({ link: { startCounter: 7 } });
    expect(await host.next()).toBe('NO_SESSION 00070000');
    expect(await host.open(1)).toContain('STATUS 0000000100070001');
    device.reset();
    expect(await host.next()).toBe('NO_SESSION 00080000');
  });
});

describe('send', () => {
  test('resolves when the host has taken the packet, not when it holds it', async () => {
    const { device, host } = await inSession();
    let isTaken = false;
    const sent = device.send(packet('a')).then(() => {
      isTaken = true;
    });
    expect(await host.next()).toBe('DATA 0 next 0 held 0 a');
    await host.ack(0, 0b1);
    await someTurns();
    expect(isTaken).toBe(false);
    await host.ack(1);
    await sent;
  });

  test('waits for the port and for the session', async () => {
    const device = new MockDevice({ path, delivery: 'acknowledged' });
    const sent = device.send(packet('early'));
    const port = await openRaw(mockBinding(device), path);
    const host = new HandMadeHost(port);
    await host.open(1);
    await host.poll(0);
    expect(await host.next()).toBe('DATA 0 next 0 held 0 early');
    await host.ack(1);
    await sent;
  });

  test('sends as many packets as the window holds, and the others as it opens', async () => {
    const { device, host } = await inSession();
    const sent = ['a', 'b', 'c', 'd', 'e', 'f'].map((content) => device.send(packet(content)));
    for (const [number, content] of ['a', 'b', 'c', 'd'].entries()) {
      expect(await host.next()).toBe(`DATA ${number} next 0 held 0 ${content}`);
    }
    await host.ack(2);
    await Promise.all(sent.slice(0, 2));
    expect(await host.next()).toBe('DATA 4 next 0 held 0 e');
    expect(await host.next()).toBe('DATA 5 next 0 held 0 f');
    await host.ack(6);
    await Promise.all(sent);
  });

  test('sends a lost packet again as soon as a later one arrives', async () => {
    const { device, host } = await inSession();
    const sent = ['a', 'b', 'c'].map((content) => device.send(packet(content)));
    for (let count = 0; count < 3; count++) {
      await host.next();
    }
    await host.ack(0, 0b110);
    expect(await host.next()).toBe('DATA 0 next 0 held 0 a');
    expect(device.linkStats?.resent).toBe(1);
    await host.ack(3);
    await Promise.all(sent);
  });

  test('sends a packet again after a time-out, but only while its port is open', async () => {
    vi.useFakeTimers();
    const { device, binding, host, port } = await inSession();
    const sent = device.send(packet('a'));
    await host.next();
    await vi.advanceTimersByTimeAsync(900);
    expect(device.linkStats?.resent).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(device.linkStats?.resent).toBe(1);
    expect(await host.next()).toBe('DATA 0 next 0 held 0 a');

    await port.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(device.linkStats?.resent).toBe(1);

    host.port = await openRaw(binding, path);
    expect(await host.next()).toBe('DATA 0 next 0 held 0 a');
    await host.ack(1);
    await sent;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(device.linkStats?.resent).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps its packets and its session when the device is unplugged', async () => {
    const { device, binding, host } = await inSession();
    const sent = [device.send(packet('a')), device.send(packet('b'))];
    await host.next();
    device.unplug();
    await someTurns();
    device.plug();
    host.port = await openRaw(binding, path);
    await host.ack(1);
    await sent[0];
    await host.poll(1);
    device.pause();
    expect(device.linkStats?.isInSession).toBe(true);
    await host.data(0, 2, 'c');
    await sent[1];
  });

  test('copies the packet, and accepts any number of packets', async () => {
    const { device, host } = await inSession();
    const reused = packet('0');
    const sent = Array.from({ length: 100 }, (_, number) => {
      reused[0] = 48 + (number % 10);
      return device.send(reused);
    });
    for (let number = 0; number < sent.length; number++) {
      expect(await host.next()).toBe(`DATA ${number % 64} next 0 held 0 ${number % 10}`);
      await host.ack((number + 1) % 64);
    }
    await Promise.all(sent);
  });
});

describe('a datagram', () => {
  test('is received like a packet, and echoed as a datagram', async () => {
    const { device, host } = await inSession({ echo: true });
    await host.datagram(0, 0, 'hi');
    expect(await host.next()).toBe('DATAGRAM 0 next 0 held 0 hi');
    expect(device.received.map(text)).toEqual(['hi']);
  });

  test('of the device is sent once, and resolves when it is in the buffer of the port', async () => {
    const { device, host } = await inSession();
    await Promise.all([device.sendDatagram(packet('x')), device.sendDatagram(packet('y'))]);
    expect(await host.next()).toMatch(/^DATAGRAM \d next 0 held 0 x$/);
    expect(await host.next()).toMatch(/^DATAGRAM \d next 0 held 0 y$/);
    expect(device.linkStats).toMatchObject({ resent: 0 });
  });

  test('needs a session', async () => {
    const { device } = await plugged();
    expect(await errorOf(device.sendDatagram(packet('x')))).toBe(
      `MockDevice ${path}: cannot send, there is no session`,
    );
  });

  test('is dropped and counted while the application is paused', async () => {
    const { device, host } = await inSession();
    device.pause();
    await host.datagram(0, 0, 'hi');
    device.resume();
    await host.poll(0);
    expect(await host.next()).toBe('ACK 0 next 0 held 0');
    expect(device.received).toEqual([]);
    expect(device.linkStats?.dropped).toBe(1);
  });
});

describe('pause', () => {
  test('leaves packets in the receive window, and resume takes them', async () => {
    const { device, host } = await inSession();
    device.pause();
    for (const number of [0, 1, 2, 3]) {
      await host.data(number, 0, String(number));
    }
    // One acknowledgement may stand for several frames.
    let frame: string;
    do {
      frame = await host.next();
    } while (frame !== 'ACK 0 next 0 held 1111');
    expect(device.received).toEqual([]);
    device.resume();
    expect(await host.next()).toBe('ACK 0 next 4 held 0');
    expect(device.received.map(text)).toEqual(['0', '1', '2', '3']);
  });

  test('may be called for each packet in onPacket', async () => {
    const { device, host } = await inSession({ onPacket: (_packet, taking) => taking.pause() });
    device.pause();
    for (const number of [0, 1, 2]) {
      await host.data(number, 0, String(number));
    }
    for (const number of [0, 1, 2]) {
      device.resume();
      expect(device.received.map(text).at(-1)).toBe(String(number));
    }
  });
});

describe('reset', () => {
  test('forgets the session and all packets, and says so', async () => {
    const { device, host } = await inSession({ requestIds: { bytes: 1 } });
    device.pause();
    await host.data(0, 0, '\0a');
    const sent = errorOf(device.send(packet('lost')));
    const requested = errorOf(device.request(packet('lost')));
    device.reset();
    expect(await sent).toBe(`MockDevice ${path}: cannot send, it was reset`);
    expect(await requested).toBe(`MockDevice ${path}: request: no reply, it was reset`);
    device.resume();
    let frame: string;
    do {
      frame = await host.next();
    } while (!frame.startsWith('NO_SESSION'));
    expect(device.received).toEqual([]);
    expect(device.linkStats).toEqual({ isInSession: false, resent: 0, duplicates: 0, damaged: 0, dropped: 0 });
    await host.open(2);
    await host.data(0, 0, '\0b');
    expect(device.received.map(text)).toEqual(['b']);
  });

  test('in onPacket leaves that packet and the next ones without acknowledgement', async () => {
    const { device, host } = await inSession({
      onPacket: (_packet, taking) => {
        taking.reset();
        void taking.send(packet('again'));
      },
    });
    device.pause();
    await host.data(0, 0, 'a');
    await host.data(1, 0, 'b');
    expect([await host.next(), await host.next()].at(-1)).toBe('ACK 0 next 0 held 11');
    device.resume();
    expect(await host.next()).toBe('NO_SESSION 00000000');
    expect(device.received.map(text)).toEqual(['a']);
    await host.open(2);
    await host.poll(0);
    expect(await host.next()).toBe('DATA 0 next 0 held 0 again');
  });

  test('of a plain device discards half a frame and ends its requests', async () => {
    const device = new MockDevice({ path, requestIds: { bytes: 1 } });
    const port = await openRaw(mockBinding(device), path);
    await port.write(Buffer.of(3, 0));
    const requested = errorOf(device.request(packet('a')));
    await someTurns();
    device.reset();
    expect(await requested).toBe(`MockDevice ${path}: request: no reply, it was reset`);
    await port.write(Buffer.from('01020500', 'hex'));
    expect(device.received).toEqual([Uint8Array.of(5)]);
  });
});

describe('an application', () => {
  test('whose onPacket throws has taken the packet, and the error is uncaught', async () => {
    const { next, release } = catchUncaught();
    try {
      const { host } = await inSession({
        onPacket: () => {
          throw new Error('failed on purpose');
        },
      });
      await host.data(0, 0, 'a');
      expect(await next).toEqual(new Error('failed on purpose'));
      expect(await host.next()).toBe('ACK 0 next 1 held 0');
    } finally {
      release();
    }
  });

  test('takes no packets while too much waits to be sent', async () => {
    const { device, host } = await inSession();
    const sent = [1, 2].map((content) => device.send(new Uint8Array(40_000).fill(content)));
    await host.data(0, 0, 'a');
    expect(device.received).toEqual([]);
    for (const number of [0, 1]) {
      while (!(await host.next()).startsWith(`DATA ${number} `)) {}
      await host.ack(number + 1);
    }
    await Promise.all(sent);
    expect(device.received.map(text)).toEqual(['a']);
  });

  test('may have the host write while it runs', async () => {
    let host: HandMadeHost | undefined;
    const parts = await inSession({
      onPacket: (received) => {
        if (text(received) === 'a') {
          void host?.data(1, 0, 'b');
        }
      },
    });
    host = parts.host;
    await host.data(0, 0, 'a');
    expect(parts.device.received.map(text)).toEqual(['a', 'b']);
    expect(await host.next()).toBe('ACK 0 next 2 held 0');
  });
});

test('pause needs acknowledged delivery, and sendDatagram of a plain device is send', async () => {
  const device = new MockDevice({ path });
  const port = await openRaw(mockBinding(device), path);
  expect(() => device.pause()).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: `MockDevice ${path}: pause needs the option delivery: 'acknowledged'`,
    }),
  );
  expect(device.linkStats).toBeUndefined();
  await device.sendDatagram(Uint8Array.of(5));
  expect(await readRaw(port)).toEqual(Buffer.of(2, 5, 0));
});
