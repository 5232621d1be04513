import { afterEach, describe, expect, test, vi } from 'vitest';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { openRaw, readRaw } from '../../support/raw-port.js';
import vectors from '../../vectors/delivery.json' with { type: 'json' };
import { HandMadeHost } from './hand-made-host.js';
import { errorOf, inSession, packet, plugged, text } from './hand-made-session.js';
import { path } from './rig.js';

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

  test('that replaces another one, after an acknowledgement in the same chunk, does not take that back', async () => {
    const { device, host, port } = await inSession();
    const sent = [errorOf(device.send(packet('a'))), errorOf(device.send(packet('b')))];
    expect([await host.next(), await host.next()]).toEqual(['DATA 0 next 0 held 0 a', 'DATA 1 next 0 held 0 b']);
    const ack = host.ackFrame(1);
    await host.open(2);
    await port.write(Buffer.concat([ack, host.dataFrame(0, 0, 'c')]));
    expect(await Promise.all(sent)).toEqual([
      'resolved',
      `MockDevice ${path}: cannot send, the host has begun another session`,
    ]);
    expect(device.received.map(text)).toEqual(['c']);
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
    const heard = new Set<string>();
    for (let number = 0; number < sent.length; number++) {
      let frame = await host.next();
      while (heard.has(frame)) {
        // Sent again, since this test was late with the acknowledgement.
        frame = await host.next();
      }
      heard.add(frame);
      expect(frame).toBe(`DATA ${number % 64} next 0 held 0 ${number % 10}`);
      await host.ack((number + 1) % 64);
    }
    await Promise.all(sent);
  });
});
