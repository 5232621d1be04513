// The application of a fleet: receives the packets of all devices, and checks them. Its only argument is a JSON object.
import { packetPool, sameBytes } from '../support/packets.mjs';
import { percentile } from '../support/stats.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

/** What `peers/fleet.c` puts before the bytes of the pool: number and time. */
const HEAD_BYTES = 12;

/** How long after the last packet the rest counts as lost. */
const QUIET_MS = 3_000;

const config = JSON.parse(process.argv[2]);
const tails = packetPool(config.size).map((packet) => packet.subarray(HEAD_BYTES));
/** The number of the next packet of each connection. */
const next = new Map(config.bridges.flatMap(({ names }) => names.map((name) => [name, 0])));

let received = 0;
let skipped = 0;
let samplesUs = new Float64Array(0);
let firstAt = 0;
let lastAt = 0;

function take(name, packet) {
  const [seconds, nanoseconds] = process.hrtime();
  const nowUs = seconds * 1e6 + nanoseconds / 1e3;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const number = view.getUint32(0, true);
  const expected = next.get(name);
  if (number < expected || !sameBytes(packet.subarray(HEAD_BYTES), tails[number % tails.length])) {
    fail(`wrong bytes: ${name}, packet ${number} where ${expected} was expected`);
  }
  skipped += number - expected;
  next.set(name, number + 1);
  if (received === 0) {
    firstAt = nowUs;
  }
  lastAt = nowUs;
  samplesUs[received++] = nowUs - view.getFloat64(4, true);
}

/** Receives `count` packets, or fewer if no more arrive. Then those that are missing have been skipped, or were the last ones. */
async function receive(count) {
  received = 0;
  skipped = 0;
  samplesUs = new Float64Array(Number(count));
  answer({ armed: true });
  const cpu = process.cpuUsage();
  let before = -1;
  let quietSince = performance.now();
  while (received + skipped < samplesUs.length && (received === 0 || performance.now() - quietSince < QUIET_MS)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (received !== before) {
      before = received;
      quietSince = performance.now();
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  const samples = samplesUs.subarray(0, received);
  return {
    applicationUs: user + system,
    received,
    seconds: (lastAt - firstAt) / 1e6,
    p50: percentile(samples, 0.5) / 1e3,
    p99: percentile(samples, 0.99) / 1e3,
    missing: samplesUs.length - received,
    ...application.counts(),
  };
}

const { openApplication } = await import(`./mqtt-${config.stack}.mjs`);
const application = await openApplication(config, take, fail);
answer({ ready: true });
answerCommands({ receive });
