import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRfc2217 } from '../../../../src/serial/network/rfc2217/open-rfc2217.js';
import { outcome, someTurns } from '../../../contract/harness.js';
import { PortRecorder } from '../../../support/port-recorder.js';
import { ScriptedPort } from '../../../support/scripted-port.js';

const DO_COM_PORT = Buffer.of(255, 253, 44);
const MODEM_STATE = Buffer.of(255, 250, 44, 107, 0x10, 255, 240);
/** RFC 860, with which a client waits until the server has read everything. */
const DO_MARK = Buffer.of(255, 253, 6);
const WONT_MARK = Buffer.of(255, 252, 6);

/** A command of a server, by number. */
function command(...bytes: number[]): Buffer {
  return Buffer.of(255, 250, 44, ...bytes.flatMap((byte) => (byte === 255 ? [255, 255] : [byte])), 255, 240);
}

const ANSWERS = Buffer.concat([
  ...['fffb00', 'fffd00', 'fffb03', 'fffd03'].map((hex) => Buffer.from(hex, 'hex')),
  command(101, 0, 1, 194, 0),
  command(102, 8),
  command(103, 1),
  command(104, 1),
  command(105, 1),
]);

/** An open port of RFC 2217, and the one below it. The server reads the commands of opening, and nothing else. */
async function open({ answersMarks = true } = {}) {
  const server = new ScriptedPort();
  const opening = openRfc2217(server, 4_000);
  server.give(DO_COM_PORT);
  await someTurns();
  server.give(answersMarks ? Buffer.concat([WONT_MARK, ANSWERS]) : ANSWERS);
  const port = await opening;
  server.writes.length = 0;
  return { port, server };
}

function doubled(bytes: readonly number[]): number[] {
  return bytes.flatMap((byte) => (byte === 255 ? [255, 255] : [byte]));
}

const someBytes = fc.array(fc.oneof(fc.constant(255), fc.constantFrom(240, 250, 253, 13, 0), fc.nat({ max: 255 })), {
  maxLength: 50,
});

describe('a port over RFC 2217', () => {
  test('passes on any bytes in any chunks, whatever the server reports between them, and reads slowly', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(someBytes, fc.constant(undefined)), { maxLength: 10 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        async (parts, positions, restEvery) => {
          const { port, server } = await open();
          const recorder = new PortRecorder(port);
          port.resume();
          const wire = Buffer.concat(parts.map((part) => (part ? Buffer.from(doubled(part)) : MODEM_STATE)));
          const borders = [...positions.map((each) => each % (wire.length + 1)), 0, wire.length].sort((a, b) => a - b);
          for (let index = 1; index < borders.length; index++) {
            recorder.wantsMore = index % restEvery !== 0;
            server.give(wire.subarray(borders[index - 1]!, borders[index]!));
            if (!server.isReading) {
              recorder.resume();
              await someTurns(1);
            }
          }
          expect([...recorder.bytes]).toEqual(parts.flatMap((part) => part ?? []));
          // Each chunk of the server became at most one.
          expect(recorder.chunks.length).toBeLessThan(borders.length);
          await port.close();
        },
      ),
      { numRuns: 200 },
    );
  });

  test('writes any bytes escaped, in one write each', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    await fc.assert(
      fc.asyncProperty(someBytes, fc.boolean(), async (bytes, isSlow) => {
        server.isStalled = isSlow;
        server.writes.length = 0;
        const written = port.write(Uint8Array.from(bytes));
        expect(written === undefined).toBe(!isSlow);
        server.accept();
        await written;
        expect(server.writes.map((each) => [...each])).toEqual([doubled(bytes)]);
      }),
    );
  });

  test('writes what is not escaped from the memory of the caller', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    const bytes = Uint8Array.of(1, 2, 3);
    const seen: Uint8Array[] = [];
    const write = server.write.bind(server);
    server.write = (given) => {
      seen.push(given);
      return write(given);
    };
    await port.write(bytes);
    expect(seen[0]).toBe(bytes);
  });

  test('stops writing data when the server says so, and continues with what waits', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    port.resume();
    server.give(command(108));
    const written = port.write(Uint8Array.of(1, 255));
    expect(await Promise.race([written, someTurns().then(() => 'pending')])).toBe('pending');
    // Commands are no data.
    const set = port.set({ dtr: false, rts: true });
    server.give(Buffer.concat([command(105, 9), command(105, 11)]));
    await set;
    expect(server.writes.map((each) => each.toString('hex'))).toEqual(['fffa2c0509fff0fffa2c050bfff0']);
    server.give(command(109));
    await written;
    expect(server.writes[1]).toEqual(Buffer.of(1, 255, 255));
  });

  test('sends a command after the pending write, and before the next', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    port.resume();
    server.isStalled = true;
    const first = port.write(Uint8Array.of(1));
    const set = port.set({ dtr: true, rts: true });
    await someTurns();
    expect(server.writes).toEqual([Buffer.of(1)]);
    server.accept();
    await first;
    server.give(Buffer.concat([command(105, 8), command(105, 11)]));
    await set;
    await port.write(Uint8Array.of(2));
    expect(server.writes.map((each) => each.toString('hex'))).toEqual(['01', 'fffa2c0508fff0fffa2c050bfff0', '02']);
  });

  test('reads on for an answer while no data is wanted, up to a limit', async () => {
    const { port, server } = await open();
    const recorder = new PortRecorder(port);
    recorder.wantsMore = false;
    port.resume();
    server.give(Buffer.of(1));
    expect(server.isReading).toBe(false);
    const set = port.set({ dtr: true, rts: true });
    let given = 0;
    while (server.isReading) {
      server.give(Buffer.alloc(1_000, 2));
      given += 1_000;
    }
    expect(given).toBe(66_000);
    expect(recorder.bytes).toEqual(Buffer.of(1));
    recorder.resume();
    await recorder.until(() => recorder.bytes.length > 1);
    server.give(Buffer.concat([command(105, 8), command(105, 11)]));
    await set;
    expect(recorder.bytes).toHaveLength(1 + given);
  });

  test('passes on what it holds before it reports a hang-up', async () => {
    const { port, server } = await open();
    const recorder = new PortRecorder(port);
    recorder.wantsMore = false;
    port.resume();
    server.give(Buffer.of(1));
    const set = outcome(port.set({ dtr: true, rts: true }));
    server.give(Buffer.of(2));
    const error = server.hangUp();
    await recorder.hangsUp();
    expect(recorder.bytes).toEqual(Buffer.of(1, 2));
    expect(await set).toEqual({ error });
  });

  test('purges the buffers of the server', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    port.resume();
    const flushed = port.flush();
    expect(server.writes).toEqual([command(12, 3)]);
    server.give(command(112, 3));
    await flushed;
  });

  test('does not wait for a purge that the pending write delays', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    server.isStalled = true;
    const written = outcome(port.write(Uint8Array.of(1))!);
    await port.flush();
    expect(server.writes).toHaveLength(1);
    await port.close();
    expect(await written).toMatchObject({ error: { canceled: true } });
  });

  test('drain waits until the server has read everything', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    port.resume();
    await port.write(Uint8Array.of(1));
    const drained = port.drain();
    await someTurns();
    expect(server.writes).toEqual([Buffer.of(1), DO_MARK]);
    server.give(WONT_MARK);
    await drained;
  });

  test('drain does not wait for a server that has never answered its mark', async () => {
    const { port, server } = await open({ answersMarks: false });
    new PortRecorder(port);
    await port.write(Uint8Array.of(1));
    await port.drain();
    expect(server.writes).toEqual([Buffer.of(1)]);
  });

  test('changes the baud rate, and rejects if the server sets another one', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    port.resume();
    const updated = port.update({ baudRate: 9_600 });
    expect(server.writes).toEqual([command(1, 0, 0, 37, 128)]);
    server.give(command(101, 0, 0, 37, 128));
    await updated;
    expect(await port.getBaudRate()).toEqual({ baudRate: 9_600 });
    const refused = outcome(port.update({ baudRate: 230_400 }));
    server.give(command(101, 0, 0, 37, 128));
    expect(await refused).toMatchObject({
      error: { message: 'the server cannot do 230400 bit/s, and has set 9600 bit/s' },
    });
  });

  test('refuses options that it does not know, and ignores commands that it does not know', async () => {
    const { port, server } = await open();
    const recorder = new PortRecorder(port);
    port.resume();
    const terminalType = 24;
    server.give(Buffer.of(255, 253, terminalType, 255, 251, terminalType, 1));
    // Unknown: a command of RFC 2217, one of a client, an option, NOP.
    server.give(Buffer.concat([command(120, 1), command(5, 8), Buffer.from('fffa1801fff0fff102', 'hex')]));
    expect(server.writes).toEqual([Buffer.of(255, 252, terminalType, 255, 254, terminalType)]);
    expect(recorder.bytes).toEqual(Buffer.of(1, 2));
  });

  test('answers a server that withdraws an option, once', async () => {
    const { port, server } = await open();
    new PortRecorder(port);
    port.resume();
    server.give(Buffer.of(255, 252, 0, 255, 254, 0, 255, 252, 0, 255, 254, 0));
    expect(server.writes).toEqual([Buffer.of(255, 254, 0, 255, 252, 0)]);
  });

  test('hangs up on a server that asks without end and does not read the answers', async () => {
    const { port, server } = await open();
    const recorder = new PortRecorder(port);
    port.resume();
    server.isStalled = true;
    for (let count = 0; count < 2_000 && server.isReading; count++) {
      server.give(Buffer.of(255, 253, count % 2 === 0 ? 24 : 25));
    }
    await recorder.hangsUp();
    expect(recorder.hangUps[0]!.message).toContain('telnet commands without end');
  });
});
