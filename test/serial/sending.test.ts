import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { kernelBinding } from '../support/kernel-port.js';
import { nextPackets, settled, start } from '../support/mock-connection.js';

const PACKET = Uint8Array.of(1, 2, 3);

describe('writing', () => {
  test('starts with one delimiter, unless syncOnOpen is off', async () => {
    const { serial, device } = await start();
    await serial.send('arm', PACKET);
    expect(Buffer.concat(device.writes)).toEqual(Buffer.from('000401020300', 'hex'));
    const other = await start({ syncOnOpen: false });
    await other.serial.send('arm', PACKET);
    expect(Buffer.concat(other.device.writes)).toEqual(Buffer.from('0401020300', 'hex'));
  });

  test('writes the delimiter even if nothing is sent', async () => {
    const { device } = await start();
    await vi.waitFor(() => expect(Buffer.concat(device.writes)).toEqual(Buffer.of(0)));
  });

  test('joins the sends of one turn of the event loop in one write, even those started by promises', async () => {
    const { serial, device } = await start({ syncOnOpen: false });
    const sends = [serial.send('arm', PACKET), serial.send('arm', PACKET)];
    sends.push(Promise.resolve().then(() => serial.send('arm', PACKET)));
    sends.push(
      (async () => {
        for (let i = 0; i < 20; i++) {
          await undefined;
        }
        await serial.send('arm', PACKET);
      })(),
    );
    await Promise.all(sends);
    expect(device.writes).toEqual([Buffer.from('0401020300'.repeat(4), 'hex')]);
  });

  test('keeps the order of concurrent sends of any size, and never interleaves them', async () => {
    const { serial, device } = await start();
    const packets = Array.from({ length: 300 }, (_, i) => new Uint8Array((i * 977) % 3_000).fill(i));
    const done: number[] = [];
    await Promise.all(packets.map((packet, i) => serial.send('arm', packet).then(() => done.push(i))));
    expect(device.received).toEqual(packets);
    expect(done).toEqual(packets.map((_, i) => i));
  });

  test('rejects a packet longer than maxPacketBytes, and writes nothing of it', async () => {
    const { serial, device } = await start({ maxPacketBytes: 4, syncOnOpen: false });
    await expect(serial.send('arm', new Uint8Array(5))).rejects.toMatchObject({
      code: 'PACKET_TOO_LARGE',
      message: 'send to "arm": the packet has 5 bytes, maxPacketBytes is 4',
    });
    await serial.send('arm', new Uint8Array(4));
    expect(device.received).toEqual([new Uint8Array(4)]);
  });

  test('rejects a packet beyond sendQueueBytes, and writes nothing of it', async () => {
    const { serial, device } = await start({ maxPacketBytes: 8, sendQueueBytes: 20, syncOnOpen: false });
    device.stall();
    const first = serial.send('arm', new Uint8Array(8).fill(1)); // 10 bytes on the wire at most
    const second = serial.send('arm', new Uint8Array(8).fill(2));
    await expect(serial.send('arm', new Uint8Array(0))).rejects.toMatchObject({
      code: 'SEND_QUEUE_FULL',
      connection: 'arm',
      message: expect.stringContaining('the send queue is full (20 of 20 bytes)'),
    });
    device.resume();
    await Promise.all([first, second]);
    await serial.send('arm', new Uint8Array(8).fill(3));
    expect(device.received.map((packet) => packet[0])).toEqual([1, 2, 3]);
  });

  test('settleMs delays the first write, but not the packets from the device', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { serial, device } = await start({ settleMs: 2_000 });
    const received = nextPackets(serial, 1);
    const sent = serial.send('arm', PACKET);
    await device.send(Uint8Array.of(9));
    expect(await received).toEqual([Uint8Array.of(9)]);
    await vi.advanceTimersByTimeAsync(1_990);
    expect(device.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    await sent;
    expect(Buffer.concat(device.writes)).toEqual(Buffer.from('000401020300', 'hex'));
  });
});

describe('an aborted send', () => {
  test('rejects immediately with the reason if nothing was written, and sends nothing', async () => {
    const { serial, device } = await start({ syncOnOpen: false });
    device.stall();
    const controller = new AbortController();
    const first = serial.send('arm', PACKET);
    await vi.waitFor(() => expect(device.writes).toHaveLength(1));
    const second = serial.send('arm', Uint8Array.of(2), { signal: controller.signal });
    const third = serial.send('arm', Uint8Array.of(3));
    controller.abort('changed my mind');
    await expect(second).rejects.toBe('changed my mind');
    device.resume();
    await Promise.all([first, third]);
    expect(device.received).toEqual([PACKET, Uint8Array.of(3)]);
  });

  test('rejects at once if the frame is partly written, and completes the frame', async () => {
    const { binding, ports } = kernelBinding();
    const serial = new SerialCommunicator({ binding });
    serial.addConnection('arm', { path: '/dev/kernel', baudRate: 9_600, syncOnOpen: false });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    await serial.initialize();
    const kernel = ports[0]!;
    const controller = new AbortController();
    const reason = new Error('too late');
    const sent = settled(serial.send('arm', PACKET, { signal: controller.signal }));
    await vi.waitFor(() => expect(kernel.isWriting).toBe(true));
    kernel.take(1);
    controller.abort(reason);
    expect(await Promise.race([sent, new Promise((resolve) => setImmediate(resolve, 'pending'))])).toBe(String(reason));
    expect(serial.stats('arm')).toMatchObject({ packetsAborted: 1, packetsWaiting: 0 });
    const next = serial.send('arm', PACKET);
    kernel.take(100);
    await vi.waitFor(() => expect(kernel.isWriting).toBe(true));
    kernel.take(100);
    await next;
    expect(kernel.taken).toEqual(Buffer.from('0401020300'.repeat(2), 'hex'));
  });

  test('frees its bytes in the queue', async () => {
    const { serial, device } = await start({ maxPacketBytes: 8, sendQueueBytes: 20, syncOnOpen: false });
    device.stall();
    const first = serial.send('arm', new Uint8Array(8));
    await vi.waitFor(() => expect(device.writes).toHaveLength(1));
    for (let i = 0; i < 100; i++) {
      const controller = new AbortController();
      const sent = serial.send('arm', new Uint8Array(8), { signal: controller.signal });
      controller.abort(i);
      await expect(sent).rejects.toBe(i);
    }
    device.resume();
    await first;
    expect(device.received).toHaveLength(1);
  });

  test('leaves no listener at the signal, and neither does a send that resolves', async () => {
    const { serial } = await start();
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    await serial.send('arm', PACKET, { signal });
    expect(add).toHaveBeenCalledOnce();
    expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]![1]);
  });
});
