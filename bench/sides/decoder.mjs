// Measures FrameDecoder on a sequence of frames. The reply to "decode PACKET_BYTES CHUNK_BYTES FRAMES" is nanoseconds of
// processor time per byte.
import { Buffer } from 'node:buffer';
import cobs from 'cobs';
import { FrameDecoder } from '../../dist/index.js';
import { randomBytes, sameBytes } from '../support/packets.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

const corrupt = process.argv[2] === 'corrupt';

function decode(packetBytes, chunkBytes, frames) {
  const packet = randomBytes(packetBytes, 256);
  const wire = new Uint8Array(Buffer.concat([cobs.encode(packet), Buffer.of(0)]));
  if (corrupt) {
    wire[1_000] ^= wire[1_000] === 0x40 ? 0x41 : 0x40;
  }
  const chunks = chunkBytes === 1 ? undefined : slices(wire, chunkBytes);
  const decoder = new FrameDecoder({ maxPacketBytes: packetBytes });
  const cpu = process.cpuUsage();
  for (let frame = 0; frame < frames; frame++) {
    const result = chunks === undefined ? byteByByte(decoder, wire) : inChunks(decoder, chunks);
    if (!(result instanceof Uint8Array && sameBytes(result, packet))) {
      fail(`wrong bytes: frame ${frame} of ${packetBytes} bytes`);
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  return { nsPerByte: ((user + system) * 1e3) / (wire.length * frames) };
}

function byteByByte(decoder, wire) {
  const chunk = new Uint8Array(1);
  let result;
  for (let index = 0; index < wire.length; index++) {
    chunk[0] = wire[index];
    decoder.push(chunk);
    result = decoder.next();
    if (result !== undefined) {
      break;
    }
  }
  return result;
}

function inChunks(decoder, chunks) {
  let result;
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
      result = next;
    }
  }
  return result;
}

function slices(bytes, length) {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

answer({ ready: true });
answerCommands({ decode: (...args) => decode(...args.map(Number)) });
