import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { PacketRecord } from '../src/records/packet-record.js';
import { PacketDisplay } from '../src/sinks/packet-display.js';
import { Output } from '../src/terminal/output.js';

const LINE_CHARACTERS = 1_000;

/** More than a paused display holds. */
const TOO_MANY = 20_000;

function setUp(drop: boolean) {
  const lines: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      lines.push(...text.split('\n').slice(0, -1));
      done();
    },
  });
  const output = new Output(stream as unknown as NodeJS.WriteStream);
  const line = ({ timeUs }: PacketRecord) => String(timeUs).padEnd(LINE_CHARACTERS - 1, '.');
  const display = new PacketDisplay({ output, line, dump: line, isDumping: false, drop });
  const show = (index: number) =>
    display.show({ timeUs: index, name: 'arm', dir: 'rx', length: 0, bytes: new Uint8Array(0) });
  return { display, output, lines, show };
}

describe('a paused display', () => {
  test('holds 16 MiB of lines, then makes the device wait, and loses nothing', async () => {
    const { display, output, lines, show } = setUp(false);
    display.pause();
    let shown = 0;
    let wait = show(++shown);
    while (wait === undefined && shown < TOO_MANY) {
      wait = show(++shown);
    }
    expect(shown * LINE_CHARACTERS).toBeGreaterThan(16 * 1_048_576);
    expect((shown - 1) * LINE_CHARACTERS).toBeLessThanOrEqual(16 * 1_048_576);
    expect(display.held).toBe(shown);
    expect(display.isFull).toBe(true);
    let isOver = false;
    const waited = Promise.resolve(wait).then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    display.resume();
    await waited;
    await output.flush();
    expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(Array.from({ length: shown }, (_, i) => i + 1));
  });

  test('with drop leaves out what comes beyond that, and counts it', async () => {
    const { display, output, lines, show } = setUp(true);
    display.pause();
    for (let index = 1; index <= TOO_MANY; index++) {
      expect(show(index)).toBeUndefined();
    }
    expect(display.dropped).toBeGreaterThan(0);
    expect(display.held + display.dropped).toBe(TOO_MANY);
    display.resume();
    await output.flush();
    expect(lines).toHaveLength(TOO_MANY - display.dropped);
  });
});
