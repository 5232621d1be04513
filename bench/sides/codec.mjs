// Times a codec in memory: its argument is `ours` or `npm`, its commands are those of peers/codec.c. What is measured
// is processor time, that of the garbage collector's threads included: other processes may be busy.
import cobs from 'cobs';
import { cobsDecode, cobsEncode, cobsEncodeInto, cobsMaxEncodedLength } from '../../dist/index.js';
import { randomPackets, sameBytes } from '../support/packets.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

/** As in peers/codec.c. */
const WORKING_SET_BYTES = 131_072;

const WARM_UP_MS = 15;

const [library, corrupt] = process.argv.slice(2);

/** Both take the packet, its frame and some room. What they give is kept, so that nothing can be optimized away. */
const operations = {
  ours: {
    encode: (packet) => cobsEncode(packet),
    encodeInto: (packet, _, room) => cobsEncodeInto(packet, room, 0),
    decode: (_, frame) => cobsDecode(frame),
  },
  npm: {
    encode: (packet) => cobs.encode(packet),
    decode: (_, frame) => cobs.decode(frame),
  },
}[library];

let kept;

function time(operation, size, zeros, limitMs) {
  const run = operations[operation];
  const packets = randomPackets(Math.max(1, Math.floor(WORKING_SET_BYTES / size)), size, zeros);
  // Frames of the other library: what decodes its own mistakes is not right.
  const frames = packets.map((packet) =>
    library === 'npm' ? cobsEncode(packet) : new Uint8Array(cobs.encode(packet)),
  );
  if (corrupt !== undefined) {
    frames[0][size >> 1] ^= 0x40;
  }
  const room = new Uint8Array(cobsMaxEncodedLength(size));
  check(operation, run, packets, frames, room);
  let passes = 0;
  const cpu = process.cpuUsage();
  const deadline = performance.now() + limitMs;
  do {
    for (let index = 0; index < packets.length; index++) {
      kept = run(packets[index], frames[index], room);
    }
    passes++;
  } while (performance.now() < deadline);
  const { user, system } = process.cpuUsage(cpu);
  check(operation, run, packets, frames, room);
  return { nsPerPacket: ((user + system) * 1e3) / (passes * packets.length) };
}

function check(operation, run, packets, frames, room) {
  for (const [index, packet] of packets.entries()) {
    const result = run(packet, frames[index], room);
    const right =
      operation === 'decode'
        ? sameBytes(result, packet)
        : sameFrame(operation === 'encode' ? result : room.subarray(0, result), frames[index]);
    if (!right) {
      fail(`wrong bytes: ${operation} of packet ${index} of ${packet.length} bytes`);
    }
  }
}

/** Whether the frames are the same but for the redundant `01` that npm `cobs` writes after a full last block. */
function sameFrame(left, right) {
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return sameBytes(short, long) || (long.at(-1) === 1 && sameBytes(short, long.subarray(0, -1)));
}

// Every operation has been compiled by the engine, for all kinds of packets, before any is timed.
for (let round = 0; round < 3; round++) {
  for (const operation of Object.keys(operations)) {
    for (const size of [16, 64, 256, 1_024, 16_384]) {
      time(operation, size, round % 2 === 0 ? 8 : 256, WARM_UP_MS);
    }
  }
}
answer({ ready: true });
answerCommands({
  ...Object.fromEntries(
    Object.keys(operations).map((operation) => [
      operation,
      (size, zeros, limitMs) => time(operation, Number(size), Number(zeros), Number(limitMs)),
    ]),
  ),
});
void kept;
