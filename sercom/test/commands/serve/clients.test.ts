import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { RawClient, serve } from '../../support/serve-rig.js';
import { openTestPort, write } from '../../support/test-port.js';

const HELLO = '0668656c6c6f00';
const HI = '03686900';

const DELIMITER = Buffer.of(0);

describe.skipIf(!has('socat'))('clients of sercom serve (needs socat)', () => {
  test('all receive what the device sends, and all can send', async () => {
    const port = await openTestPort();
    const { client } = await serve(port.path);
    const [one, two] = [await client(), await client()];
    write(port.device, HELLO);
    for (const each of [one, two]) {
      expect(await each.received(/.00$/)).toBe(`00${HELLO}`);
    }
    one.send(HI);
    expect(await port.arrived(5)).toBe(`00${HI}`);
    two.send(HELLO);
    expect(await port.arrived(12)).toBe(`00${HI}${HELLO}`);
  });

  test('one that joins later begins with a whole frame', async () => {
    const port = await openTestPort();
    const { client } = await serve(port.path);
    const first = await client();
    write(port.device, `${HI}0668`);
    await first.received(/.00$/);
    const later = await client();
    write(port.device, '656c6c6f00');
    expect(await later.received(/.00$/)).toBe(`00${HELLO}`);
    expect(await first.received(/6f00$/)).toBe(`00${HI}${HELLO}`);
  });

  test('frames that do not decode are passed on, too', async () => {
    const port = await openTestPort();
    const { client } = await serve(port.path);
    const one = await client();
    write(port.device, `0501020000${HI}`);
    expect(await one.received(new RegExp(`${HI}$`))).toBe(`000501020000${HI}`);
  });

  test('frames of several clients never interleave, and keep their order', async () => {
    const port = await openTestPort();
    const { client } = await serve(port.path);
    const frames = (id: number) =>
      Array.from({ length: 300 }, (_, index) =>
        Buffer.concat([
          Buffer.from([id, 1 + (index >> 7), 1 + (index & 127)]),
          // Some are longer than what is written of one client at a time.
          Buffer.alloc(index % 60 === 0 ? 9_000 : (index * 37) % 400, id),
          DELIMITER,
        ]),
      );
    const ids = [1, 2, 3, 4];
    await Promise.all(
      ids.map(async (id) => {
        const { socket } = await client();
        const bytes = Buffer.concat(frames(id));
        // No chunk ends where a frame does, but by chance.
        for (let at = 0; at < bytes.length; at += 97 * id) {
          socket.write(bytes.subarray(at, at + 97 * id));
          await new Promise(setImmediate);
        }
      }),
    );
    const total = ids.reduce((sum, id) => sum + Buffer.concat(frames(id)).length, 0);
    const all = Buffer.from(await port.arrived(total + 1), 'hex');
    for (const id of ids) {
      const own: number[][] = [];
      let frame: number[] = [];
      for (const byte of all.subarray(1)) {
        frame.push(byte);
        if (byte === 0) {
          if (frame[0] === id) {
            own.push(frame);
          }
          frame = [];
        }
      }
      expect(own).toEqual(frames(id).map((each) => [...each]));
    }
  });

  test('one that never sends a delimiter is limited to the size of a packet', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(port.path, '--max-packet', '100');
    const one = await client();
    one.send('01'.repeat(5_000));
    await process.complained(/client 1 \S+: discarding a frame longer than 118 bytes; raise --max-packet/);
    one.send(`0100${HELLO}`);
    expect(await port.arrived(8)).toBe(`00${HELLO}`);
    process.child.kill('SIGINT');
    expect((await process.outcome()).stderr).toMatch(/served 1 client; sent 1 frame, .*, 1 frame too long\n$/);
  });

  test('the delimiters in front of their frames are not sent to the device', async () => {
    const port = await openTestPort();
    const { client } = await serve(port.path);
    const one = await client();
    one.send(`000000${HI}00`);
    const two = await client();
    two.send('00');
    two.send(HELLO);
    expect(await port.arrived(13)).toBe(`00${HI}00${HELLO}`);
  });

  test('what one has sent before it leaves is still written', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(port.path);
    const one = await client();
    one.send(`${HELLO}0668`);
    one.socket.end();
    expect(await port.arrived(8)).toBe(`00${HELLO}`);
    await process.complained(/client 1 \S+ disconnected; sent 1 frame, .*2 bytes of an unfinished frame/);
  });

  test('with --bytes, bytes are passed on in both directions as they arrive', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(port.path, '--bytes');
    const one = await client();
    one.send('41 00 42');
    expect(await port.arrived(3)).toBe('410042');
    write(port.device, '43 00 44');
    expect(await one.received(/44$/)).toBe('430044');
    process.child.kill('SIGINT');
    expect((await process.outcome()).stderr).toMatch(/served 1 client; sent 3 bytes, received 3 bytes\n$/);
  });

  test('with --read-only, what they send is discarded and counted', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(port.path, '--read-only');
    const one = await client();
    one.send(`${HELLO}${HI}`);
    await process.complained(/client 1 \S+: discarding what it sends \(--read-only\)\n/);
    write(port.device, HI);
    expect(await one.received(/.00$/)).toMatch(new RegExp(`${HI}$`));
    process.child.kill('SIGINT');
    expect((await process.outcome()).stderr).toMatch(/served 1 client; .*, 2 frames discarded \(--read-only\)\n$/);
    // Only the delimiter of serve itself.
    expect(await port.arrived(1)).toBe('00');
  });

  test('with --read-only and --rfc2217, they cannot set the line', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(port.path, '--read-only', '--rfc2217');
    const one = await client();
    one.send('fffa2c01 00002580 fff0');
    await one.received(/fffa2c650001c200fff0$/);
    await process.complained(/client 1 \S+ wants 9600 bit\/s, 8N1: the settings are kept \(--read-only\)\n/);
  });

  test('with --max-clients, more are refused', async () => {
    const port = await openTestPort();
    const { client, process, tcpPort } = await serve(port.path, '--max-clients', '2');
    const one = await client();
    await client();
    for (let number = 0; number < 3; number++) {
      await new RawClient({ host: '127.0.0.1', port: tcpPort }).closed;
    }
    await process.complained(/refused a client \(127\.0\.0\.1:\d+\): there are 2 clients already; raise --max-clients/);
    one.socket.end();
    await process.complained(/client 1 \S+ disconnected/);
    const third = new RawClient({ host: '127.0.0.1', port: tcpPort });
    await process.complained(/client 3 \S+ connected; 2 clients/);
    write(port.device, HI);
    await third.received(/.00$/);
    process.child.kill('SIGINT');
    const { stderr } = await process.outcome();
    expect(stderr).toMatch(/served 3 clients, refused 3; /);
    // The others are only counted, until there is room again.
    expect(stderr.match(/refused a client/g)).toHaveLength(1);
  });

  test('with --delivery acknowledged, the first one that sends speaks until it leaves, and the others listen', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(port.path, '--delivery', 'acknowledged');
    const [listener, speaker] = [await client(), await client()];
    speaker.send(HI);
    expect(await port.arrived(5)).toBe(`00${HI}`);
    listener.send(HELLO);
    await process.complained(
      /client 1 \S+: discarding what it sends: with --delivery acknowledged .*client 2 .* first/,
    );
    speaker.send(HI);
    expect(await port.arrived(9)).toBe(`00${HI}${HI}`);
    write(port.device, HELLO);
    await listener.received(/6c6f00$/);
    speaker.socket.end();
    await process.complained(/client 2 \S+ disconnected/);
    listener.send(HELLO);
    expect(await port.arrived(16)).toBe(`00${HI}${HI}${HELLO}`);
    process.child.kill('SIGINT');
    expect((await process.outcome()).stderr).toMatch(/, 1 frame discarded \(not the client that can send\)\n$/);
  });

  test('what they send before the device has settled waits', async () => {
    const port = await openTestPort();
    const { client } = await serve(port.path, '--settle', '1000');
    (await client()).send(HI);
    expect(await port.arrived(5)).toBe(`00${HI}`);
  });

  test('Ctrl-C closes clients and the port, and prints the totals', async () => {
    const port = await openTestPort();
    const { client, process } = await serve(`arm=${port.path}`);
    expect(process.stderr).toMatch(/serving arm \(\S+\) on 127\.0\.0\.1:\d+; press Ctrl-C to stop\n/);
    const one = await client();
    one.send(HI);
    await port.arrived(5);
    write(port.device, HELLO);
    await one.received(/.00$/);
    process.child.kill('SIGINT');
    await one.closed;
    const { code, stderr } = await process.outcome();
    expect(stderr).toMatch(/served 1 client; sent 1 frame, received 1 frame\n$/);
    expect(code).toBe(0);
  });
});
