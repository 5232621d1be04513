import { describe, expect, test } from 'vitest';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { openRaw, readAll, readRaw } from '../../support/raw-port.js';
import { bytes, connected, hex, opened, path } from './rig.js';

describe('a busy device', () => {
  test('leaves writes pending from stall to resume', async () => {
    const { device, port } = await opened();
    device.stall();
    let written = false;
    const writing = port.write(hex('021100')).then(() => {
      written = true;
    });
    await someTurns();
    expect({ written, received: device.received, writes: device.writes.length }).toEqual({
      written: false,
      received: [],
      writes: 1,
    });
    device.resume();
    await writing;
    expect(device.received).toEqual([bytes(0x11)]);
  });

  test('can send while it is stalled', async () => {
    const { device, port } = await opened();
    device.stall();
    await device.sendRaw(bytes(7));
    expect(await readRaw(port)).toEqual(Buffer.of(7));
  });

  test('can be stalled before its port is opened', async () => {
    const device = new MockDevice({ path });
    device.stall();
    const port = await openRaw(mockBinding(device), path);
    const writing = port.write(hex('021100'));
    await someTurns();
    expect(device.received).toEqual([]);
    device.resume();
    await writing;
    expect(device.received).toEqual([bytes(0x11)]);
  });

  test('never gets a pending write that was canceled by closing the port', async () => {
    const { device, port } = await opened();
    device.stall();
    const writing = port.write(hex('021100'));
    const rejected = expect(writing).rejects.toMatchObject({ canceled: true });
    await someTurns();
    await port.close();
    await rejected;
    device.resume();
    await someTurns();
    expect(device.received).toEqual([]);
  });

  test('never gets a packet whose pending send is aborted', async () => {
    const { device, communicator } = await connected();
    await communicator.send('a', bytes(1));
    device.stall();
    const controller = new AbortController();
    const aborted = communicator.send('a', bytes(2), { signal: controller.signal });
    await someTurns(1);
    expect(device.writes.at(-1)).toEqual(hex('020200'));
    controller.abort('changed my mind');
    await expect(aborted).rejects.toBe('changed my mind');
    device.resume();
    await communicator.send('a', bytes(3));
    expect(device.received).toEqual([bytes(1), bytes(3)]);
    expect(device.writes.map((write) => write.toString('hex'))).toEqual(['00020100', '', '020300']);
    await communicator.shutdown();
  });

  test('never gets a packet whose pending send times out', async () => {
    const { device, communicator } = await connected({}, { sendTimeoutMs: 20, syncOnOpen: false });
    device.stall();
    await expect(communicator.send('a', bytes(1))).rejects.toMatchObject({
      code: 'SEND_TIMEOUT',
      message: expect.stringContaining('nothing of the packet was sent'),
    });
    device.resume();
    await communicator.send('a', bytes(2));
    expect(device.received).toEqual([bytes(2)]);
    await communicator.shutdown();
  });

  test('delays drain until the pending write is done', async () => {
    const { device, port } = await opened();
    device.stall();
    const order: string[] = [];
    const writing = port.write(hex('021100')).then(() => order.push('written'));
    const draining = port.drain().then(() => order.push('drained'));
    await someTurns();
    expect(order).toEqual([]);
    device.resume();
    await Promise.all([writing, draining]);
    expect(order).toEqual(['written', 'drained']);
  });

  test('accepts no bytes while 65,536 of its own wait to be read', async () => {
    const { device, port } = await opened({ echo: true });
    const frame = Buffer.from([255, ...Array(254).fill(1), 0]);
    let written = 0;
    const flood = (async () => {
      for (let count = 0; count < 600; count++) {
        await port.write(frame);
        written += frame.length;
      }
    })();
    await someTurns(2_000);
    expect(written).toBeGreaterThan(65_536);
    expect(written).toBeLessThan(65_536 + 4_096 + 2 * frame.length);
    expect(await readAll(port, 600 * frame.length)).toEqual(Buffer.concat(Array(600).fill(frame)));
    await flood;
    expect(device.receivedCount).toBe(600);
  });
});
