import cobs from 'cobs';
import { describe, expect, it } from 'vitest';
import { type OpenBoard, openBoard, readExactly } from '../fixtures/board.js';

type Packet = readonly [id: number, payload: string | readonly number[]];

/** The device with ids of one byte, and its packets with their ids. The test makes and reads all ids itself. */
interface Device extends AsyncDisposable {
  readonly opened: OpenBoard;
  send(...packets: Packet[]): Promise<void>;
  /** The next packet: its id, and its payload as text. */
  next(): Promise<[id: number | undefined, payload: string]>;
}

async function openDevice(): Promise<Device> {
  const opened = await openBoard('request-device');
  // It sends one delimiter when it starts.
  expect(await opened.read(1)).toEqual([0]);
  return {
    opened,
    send: (...packets) =>
      opened.write(...packets.flatMap(([id, payload]) => [cobs.encode(Buffer.of(id, ...Buffer.from(payload))), 0])),
    async next() {
      const frame: number[] = [];
      for (let [byte] = await opened.read(1); byte !== 0; [byte] = await opened.read(1)) {
        frame.push(byte!);
      }
      const packet = cobs.decode(Buffer.from(frame));
      return [packet[0], packet.subarray(1).toString('latin1')];
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

const text = (...bytes: number[]): string => Buffer.from(bytes).toString('latin1');
const ms = (milliseconds: number): number[] => [milliseconds >> 8, milliseconds & 0xff];
const command = (first: string, milliseconds: number, rest: string): number[] => [
  first.charCodeAt(0),
  ...ms(milliseconds),
  ...Buffer.from(rest),
];

describe('requests.c on a simulated board', () => {
  it('repeats the id of a request in its reply', async () => {
    await using device = await openDevice();
    for (const id of [1, 2, 126, 127]) {
      await device.send([id, 'ehello']);
      expect(await device.next()).toEqual([id, 'hello']);
    }
    await device.send([5, [0x2b, 200, 100]]);
    expect(await device.next()).toEqual([5, text(1, 44)]);
  });

  it('replies without bytes, and with as many as fit', async () => {
    await using device = await openDevice();
    await device.send([1, 'e']);
    expect(await device.next()).toEqual([1, '']);
    await device.send([2, `e${'\0'.repeat(255)}`]);
    expect(await device.next()).toEqual([2, '\0'.repeat(255)]);
    await device.send([3, `e${'\0'.repeat(256)}`], [4, 'c']);
    expect(await device.next()).toEqual([4, text(0, 0, 0, 1, 0)]);
  });

  it('sends an error reply 1 when a handler fails, and 2 when there is none', async () => {
    await using device = await openDevice();
    await device.send([1, 'fail']);
    expect(await device.next()).toEqual([0x80, text(1, 1)]);
    await device.send([2, '+1']);
    expect(await device.next()).toEqual([0x80, text(2, 1)]);
    await device.send([127, '?']);
    expect(await device.next()).toEqual([0x80, text(127, 2)]);
    await device.send([3, '']);
    expect(await device.next()).toEqual([0x80, text(3, 2)]);
  });

  it('echoes a packet that is not a request, under the id 0', async () => {
    await using device = await openDevice();
    await device.send([0, 'fail']);
    expect(await device.next()).toEqual([0, 'fail']);
    await device.send([0, '']);
    expect(await device.next()).toEqual([0, '']);
  });

  it('handles other requests before it sends a slow reply', async () => {
    await using device = await openDevice();
    // At once, so that they arrive at the rate of the serial line, however busy this machine is.
    await device.send([1, command('s', 60, 'slow')], [2, command('s', 20, 'quicker!')], [3, 'efast']);
    expect(await device.next()).toEqual([3, 'fast']);
    expect(await device.next()).toEqual([2, 'quicker!']);
    expect(await device.next()).toEqual([1, 'slow']);
  });

  it('replies twice, under a wrong id, or not at all, if the command says so', async () => {
    await using device = await openDevice();
    await device.send([1, '2twice']);
    expect([await device.next(), await device.next()]).toEqual([
      [1, 'twice'],
      [1, 'twice'],
    ]);
    await device.send([2, 'xnone']);
    await device.send([127, 'wwrong']);
    expect(await device.next()).toEqual([1, 'wrong']);
    await device.send([3, 'eend']);
    expect(await device.next()).toEqual([3, 'end']);
  });

  it('sends any bytes as a packet, and packets that are no replies', async () => {
    await using device = await openDevice();
    await device.send([1, ['b'.charCodeAt(0), 0x80, 9, 9, 9]]);
    expect([await device.next(), await device.next()]).toEqual([
      [0x80, text(9, 9, 9)],
      [1, ''],
    ]);
    await device.send([2, 'b']);
    expect([await device.next(), await device.next()]).toEqual([
      [undefined, ''],
      [2, ''],
    ]);
    await device.send([3, ['p'.charCodeAt(0), 3, 7]]);
    expect([await device.next(), await device.next(), await device.next(), await device.next()]).toEqual([
      [0, text(0, 7)],
      [0, text(1, 7)],
      [0, text(2, 7)],
      [3, ''],
    ]);
  });

  it('asks the host, and replies with its answer', async () => {
    await using device = await openDevice();
    await device.send([1, command('a', 30_000, 'time?')]);
    expect(await device.next()).toEqual([0x81, 'time?']);
    await device.send([0x81, 'noon']);
    expect(await device.next()).toEqual([1, 'rnoon']);

    // In order, and each reply to its own request, whichever comes first.
    await device.send([2, command('r', 30_000, 'a?')]);
    expect(await device.next()).toEqual([0x82, 'a?']);
    expect(await device.next()).toEqual([2, '']);
    await device.send([3, command('a', 30_000, 'b?')]);
    expect(await device.next()).toEqual([0x83, 'b?']);
    await device.send([0x83, '']);
    expect(await device.next()).toEqual([3, 'r']);
    await device.send([0x80, [0x82, 2]]);
    expect(await device.next()).toEqual([0, text('e'.charCodeAt(0), 2)]);
    await device.send([5, command('a', 30_000, '')]);
    expect(await device.next()).toEqual([0x84, '']);
    await device.send([0x84, '\0'.repeat(256)]);
    expect(await device.next()).toEqual([5, `r${'\0'.repeat(256)}`]);
    await device.send([4, 'c']);
    expect(await device.next()).toEqual([4, text(0, 0, 0, 0, 0)]);
  });

  it('gives up a request after its time, and counts the late reply to it', async () => {
    await using device = await openDevice();
    await device.send([1, command('a', 20, 'time?')]);
    expect(await device.next()).toEqual([0x81, 'time?']);
    expect(await device.next()).toEqual([1, 't']);
    // Late, second, never asked, not understood.
    await device.send([0x81, 'noon']);
    await device.send([0x80, [0x81, 1]]);
    await device.send([0xfe, 'noon']);
    await device.send([0x80, [0x81, 1, 0]]);
    await device.opened.write(1, 0);
    await device.send([2, 'c']);
    expect(await device.next()).toEqual([2, text(4, 1, 0, 0, 0)]);
    await device.send([3, command('a', 30_000, 'again?')]);
    expect(await device.next()).toEqual([0x82, 'again?']);
  });

  it('refuses more requests than it has places for, and frees each place', async () => {
    await using device = await openDevice();
    for (let id = 1; id <= 4; id++) {
      await device.send([id, command('a', 30_000, `${id}`)]);
      expect(await device.next()).toEqual([0x80 + id, `${id}`]);
      await device.send([10 + id, command('s', 30_000, '')]);
    }
    await device.send([5, command('a', 30_000, '5')]);
    expect(await device.next()).toEqual([0x80, text(5, 1)]);
    await device.send([15, command('s', 0, '')]);
    expect(await device.next()).toEqual([0x80, text(15, 1)]);
    await device.send([0x82, 'yes']);
    expect(await device.next()).toEqual([2, 'ryes']);
    await device.send([6, command('a', 30_000, '6')]);
    expect(await device.next()).toEqual([0x85, '6']);
  });

  it('begins with its first id again after a reset', async () => {
    await using device = await openDevice();
    await device.send([1, command('a', 30_000, 'first')]);
    expect(await device.next()).toEqual([0x81, 'first']);
    await device.opened.port.set({ dtr: false });
    await device.opened.port.set({ dtr: true });
    expect(await readExactly(device.opened.port, 1)).toEqual([0]);
    await device.send([2, command('a', 30_000, 'second')]);
    expect(await device.next()).toEqual([0x81, 'second']);
  });
});
