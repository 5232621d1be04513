import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { RecordFlow } from '../../src/sinks/flow.js';
import { ScreenLines } from '../../src/sinks/screen-lines.js';
import { Output } from '../../src/terminal/output.js';

const LINE_CHARACTERS = 1_000;

/** More than a paused screen keeps. */
const TOO_MANY = 20_000;

function setUp(drop: boolean) {
  let text = '';
  const stream = new Writable({
    write(bytes: Buffer, _encoding, done) {
      text += bytes.toString();
      done();
    },
  });
  const output = new Output(stream as unknown as NodeJS.WriteStream);
  const line = ({ timeUs }: PacketRecord) => String(timeUs).padEnd(LINE_CHARACTERS - 1, '.');
  const screen = new ScreenLines({ output, line, drop });
  const flow = new RecordFlow([screen]);
  const show = (index: number) =>
    flow.write({ timeUs: index, name: 'arm', dir: 'rx', length: 0, bytes: new Uint8Array(0) });
  const printed = async () => {
    await output.flush();
    return text
      .split('\n')
      .slice(0, -1)
      .map((each) => Number.parseInt(each, 10));
  };
  return { screen, flow, show, printed };
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a paused screen', () => {
  test('keeps 16 MiB of lines, then makes the device wait, and prints every line after the pause', async () => {
    const { screen, show, printed } = setUp(false);
    screen.pause();
    let shown = 0;
    let wait = show(++shown);
    while (wait === undefined && shown < TOO_MANY) {
      wait = show(++shown);
    }
    expect(shown * LINE_CHARACTERS).toBeGreaterThan(16 * 1_048_576);
    expect((shown - 1) * LINE_CHARACTERS).toBeLessThanOrEqual(16 * 1_048_576);
    expect(screen.heldRecords).toBe(shown);
    expect(screen.isFull).toBe(true);
    let isOver = false;
    const waited = Promise.resolve(wait).then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    screen.resume();
    await waited;
    expect(await printed()).toEqual(upTo(shown));
  });

  test('with drop, loses and counts the records beyond that and never asks to wait', async () => {
    const { screen, flow, show, printed } = setUp(true);
    screen.pause();
    for (let index = 1; index <= TOO_MANY; index++) {
      expect(show(index)).toBeUndefined();
    }
    const lost = flow.lostRecords(screen);
    expect(lost).toBeGreaterThan(0);
    expect(screen.heldRecords + lost).toBe(TOO_MANY);
    screen.resume();
    expect(await printed()).toEqual(upTo(TOO_MANY - lost));
  });
});
