// Measures a codec in memory: codec.mjs ours|npm [corrupt]. Accepts the commands of peers/codec.c. Measures processor
// time, because other processes may be busy; the threads of the garbage collector are included.
import cobs from 'cobs';
import { cobsDecode, cobsEncode, cobsEncodeInto, cobsMaxEncodedLength } from '../../dist/index.js';
import { randomPackets, sameBytes } from '../support/packets.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

/** As in peers/codec.c. */
const WORKING_SET_BYTES = 131_072;

const WARM_UP_MS = 15;

const [library, corrupt] = process.argv.slice(2);

/** Each gets the packet, its frame and a buffer. The results are kept, so that no call is optimized away. */
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
  // Frames from the other library: a decoder may accept the mistakes of its own encoder.
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

/** Returns whether two frames are equal, apart from the redundant `01` that npm `cobs` writes after a full last block. */
function sameFrame(left, right) {
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return sameBytes(short, long) || (long.at(-1) === 1 && sameBytes(short, long.subarray(0, -1)));
}

// Warm up every operation with all kinds of packets, so that the engine has compiled it before measuring.
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
