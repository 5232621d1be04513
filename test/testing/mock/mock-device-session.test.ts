import { describe, expect, test } from 'vitest';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { openRaw, readRaw } from '../../support/raw-port.js';
import { catchUncaught } from '../../support/uncaught.js';
import { errorOf, inSession, packet, plugged, text } from './hand-made-session.js';
import { path } from './rig.js';

describe('a datagram', () => {
  test('is received like a packet, and echoed as a datagram', async () => {
    const { device, host } = await inSession({ echo: true });
    await host.datagram(0, 0, 'hi');
    expect(await host.next()).toBe('DATAGRAM 0 next 0 held 0 hi');
    expect(device.received.map(text)).toEqual(['hi']);
  });

  test('that the line repeats is received once', async () => {
    const { device, host } = await inSession();
    for (const number of [0, 0, 1]) {
      await host.datagram(number, 0, 'hi');
    }
    expect(device.received).toHaveLength(2);
    expect(device.linkStats?.duplicates).toBe(1);
  });

  test('of the device is sent once, and resolves when it is in the buffer of the port', async () => {
    const { device, host } = await inSession();
    await Promise.all([device.sendDatagram(packet('x')), device.sendDatagram(packet('y'))]);
    expect(await host.next()).toMatch(/^DATAGRAM \d next 0 held 0 x$/);
    expect(await host.next()).toMatch(/^DATAGRAM \d next 0 held 0 y$/);
    expect(device.linkStats).toMatchObject({ resent: 0 });
  });

  test('of the device waits for the session', async () => {
    const { device, host } = await plugged();
    const sent = device.sendDatagram(packet('x'));
    await host.open(1);
    await host.poll(0);
    await sent;
    expect(await host.next()).toMatch(/^DATAGRAM \d next 0 held 0 x$/);
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
    while (!(await host.next()).startsWith('DATA 1 ')) {}
    await host.ack(1);
    await sent[0];
    expect(device.received.map(text)).toEqual(['a']);
    expect(await host.next()).toBe('ACK 0 next 1 held 0');
    await host.ack(2);
    await sent[1];
  });

  test('may have the host write while it runs', async () => {
    let write = () => {};
    const { device, host, port } = await inSession({ onPacket: () => write() });
    const frame = host.dataFrame(1, 0, 'b');
    write = () => {
      write = () => {};
      void port.write(frame);
      // Its memory may be reused after the call.
      frame.fill(0);
    };
    await host.data(0, 0, 'a');
    expect(device.received.map(text)).toEqual(['a', 'b']);
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
