// npm run soak -- [--minutes N] [--seed N]
// Runs random traffic and random faults over many connections. Checks that every loss is counted, that every promise
// settles, and that memory stays within bounds. Exits with 1 if any check fails.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runCommunicator } from './soak/life.mjs';
import { Random } from './soak/random.mjs';
import { openStations } from './soak/stations.mjs';

const MiB = 1_048_576;
const MEMORY_LIMIT_BYTES = 16 * MiB;
/** Of the packets received, at most this share may be empty packets that noise made (`isEmptyByNoise`), and three more. */
const EMPTY_SHARE = 1 / 20_000;
const GROUPS = 4;
const PROGRESS_MS = 10_000;
/** Share of the run after which memory is first measured. */
const WARM_UP_SHARE = 1 / 15;
/** The run continues until it has moved this many times the data of the warm-up, so that a leak would show. */
const DATA_FACTOR = 10;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string', default: String(randomInt(2 ** 31)) } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run soak -- [--minutes N] [--seed N]');
  process.exit(2);
}

let violations = 0;
function report(text) {
  violations++;
  if (violations <= 50) {
    console.log(`VIOLATION (seed ${seed}, ${clock()}): ${text}`);
  }
}
process.on('uncaughtException', (error) => report(`uncaught: ${error?.stack ?? error}`));
process.on('unhandledRejection', (error) => report(`unhandled: ${error?.stack ?? error}`));

const startedAt = performance.now();
function clock() {
  return `${Math.round((performance.now() - startedAt) / 1_000)} s`;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
function usedBytes() {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function openDescriptors() {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

const random = new Random(seed);
const hasPython = spawnSync('python3', ['--version']).status === 0;
const ptys = process.platform === 'linux' && hasPython ? 3 : 0;
const stations = await openStations({ mocks: 9, boards: 2, ptys }, random, report);
console.log(
  `soak: ${minutes} min, seed ${seed}, ${stations.length} connections${ptys === 0 ? ', no ptys (needs python3, Linux)' : ''}`,
);

const totals = { lives: 0 };
const emptyByNoise = () => stations.reduce((sum, station) => sum + station.emptyByNoise, 0);
const dataBytes = () => (totals.bytesRead ?? 0) + (totals.bytesWritten ?? 0);
function describe() {
  const { lives, opens = 0, losses = 0, packetsSent = 0, packetsReceived = 0, framesTruncated = 0 } = totals;
  const rejected = (totals.malformedFrames ?? 0) + (totals.tooLongFrames ?? 0) + (totals.checksumFrames ?? 0);
  const other = [
    'packetsAborted',
    'packetsTimedOut',
    'packetsLost',
    'packetsReleased',
    'packetsShutDown',
    'packetsRefused',
  ];
  return [
    `${lives} communicators`,
    `${opens} openings`,
    `${losses} losses`,
    `${(dataBytes() / MiB).toFixed(1)} MiB`,
    `${packetsSent} packets sent, ${other.reduce((sum, key) => sum + (totals[key] ?? 0), 0)} not sent`,
    `${packetsReceived} received`,
    `${emptyByNoise()} empty packets made by noise`,
    `${rejected} frames rejected, ${framesTruncated} truncated`,
    `${violations} violations`,
  ].join(', ');
}
const progress = setInterval(() => console.log(`${clock()}: ${describe()}`), PROGRESS_MS);

/** Abort the run if a round takes this much longer than planned. */
const ROUND_SLACK_MS = 60_000;

/** Splits the stations into random groups. Each group runs one communicator after another until the round is over. */
async function runRound(roundMs) {
  const groups = Array.from({ length: GROUPS }, () => []);
  for (const station of stations) {
    random.pick(groups).push(station);
  }
  const endAt = performance.now() + roundMs;
  const watchdog = setTimeout(() => {
    report(`a round of ${roundMs} ms did not end within another ${ROUND_SLACK_MS} ms`);
    process.exit(1);
  }, roundMs + ROUND_SLACK_MS);
  await Promise.all(
    groups
      .filter((group) => group.length > 0)
      .map(async (group) => {
        while (performance.now() < endAt) {
          const lifeMs = Math.min(200 + random.below(3_000), Math.max(100, endAt - performance.now()));
          const counts = await runCommunicator(group, random, lifeMs, report);
          for (const [key, value] of Object.entries(counts)) {
            totals[key] = (totals[key] ?? 0) + value;
          }
        }
      }),
  );
  clearTimeout(watchdog);
  for (const station of stations) {
    station.repair();
  }
}

const totalMs = minutes * 60_000;
const elapsedMs = () => performance.now() - startedAt;
await runRound(totalMs * WARM_UP_SHARE);
const warm = { usedBytes: usedBytes(), dataBytes: dataBytes(), descriptors: openDescriptors() };
let isShort = false;
while (elapsedMs() < totalMs || isShort) {
  await runRound(Math.max(1_000, Math.min(10_000, totalMs - elapsedMs())));
  isShort = dataBytes() < DATA_FACTOR * warm.dataBytes;
  if (isShort && elapsedMs() > 2 * totalMs) {
    report(`only ${dataBytes()} bytes moved, less than ${DATA_FACTOR} times the ${warm.dataBytes} of the warm-up`);
    break;
  }
}
clearInterval(progress);
const grownBytes = usedBytes() - warm.usedBytes;
if (grownBytes > MEMORY_LIMIT_BYTES) {
  report(`memory grew by ${grownBytes} bytes since the warm-up`);
}
if (emptyByNoise() > 3 + EMPTY_SHARE * totals.packetsReceived) {
  report(`${emptyByNoise()} empty packets came in that were never sent; ${totals.packetsReceived} were received`);
}
const descriptors = openDescriptors();
if (descriptors > warm.descriptors) {
  report(`${descriptors} descriptors are open, but only ${warm.descriptors} after the warm-up`);
}
await Promise.all(stations.map((station) => station.end()));
process.exitCode = violations > 0 ? 1 : 0;
console.log(
  `soak: ${clock()}, seed ${seed}: ${describe()}; memory ${(grownBytes / MiB).toFixed(1)} MiB above the warm-up`,
);
// Fires only if something keeps the process alive.
setTimeout(() => {
  console.log(`VIOLATION (seed ${seed}): kept alive by ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 10_000).unref();
