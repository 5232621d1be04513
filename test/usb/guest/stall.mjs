// What happens when the devices at four ports read nothing, with many sends on each?
import { stat } from 'node:fs/promises';
import { SerialCommunicator } from 'serial-communicator';
import { Gadget } from './lib/gadget.mjs';
import { report } from './lib/host.mjs';
import { until } from './lib/wait.mjs';

const PORTS = 4;
const PACKETS = 200;
const PACKET_BYTES = 2_000;
const SHUTDOWN_TIMEOUT_MS = 6_000;

/** Calls `fs.stat` repeatedly for `ms` milliseconds. Returns how long the calls took, in milliseconds. */
async function statTimes(ms) {
  const times = [];
  for (const start = performance.now(); performance.now() - start < ms; ) {
    const before = performance.now();
    await stat('/app');
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const at = (share) => Number(times[Math.floor(share * (times.length - 1))].toFixed(2));
  return { count: times.length, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

// Two devices, because the emulated controller has endpoints for only three ports per device.
const gadgets = [0, 1].map((index) => new Gadget(`GADGET4${index}`, { index, ports: PORTS / 2 }));
const allBehave = (name) => {
  for (const gadget of gadgets) {
    gadget.behave(name);
  }
};

async function open(behaviour) {
  for (const gadget of gadgets) {
    await gadget.plug();
  }
  const serial = new SerialCommunicator({ shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS });
  const names = gadgets
    .flatMap(({ paths }) => paths)
    .map((path, index) => {
      serial.addConnection(`port${index}`, { path, baudRate: 115_200, reconnect: false });
      return `port${index}`;
    });
  await serial.initialize();
  allBehave(behaviour);
  return { serial, names };
}

/** Sends much more than the kernel accepts. Returns the number of sends by outcome, which changes until all have settled. */
function sendMuch(serial, names) {
  const outcomes = {};
  const note = (outcome) => {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  };
  const packet = new Uint8Array(PACKET_BYTES).fill(0x55);
  for (const name of names) {
    for (let i = 0; i < PACKETS; i++) {
      serial.send(name, packet).then(
        () => note('sent'),
        (error) => note(error.code),
      );
    }
  }
  return outcomes;
}

async function untilStalled(serial, names) {
  let before = -1;
  let now = 0;
  while (before !== now) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 300));
    now = names.reduce((sum, name) => sum + serial.stats(name).packetsSent, 0);
  }
}

async function timeOf(call) {
  const start = performance.now();
  await call();
  return Math.round(performance.now() - start);
}

const settled = (outcomes) => Object.values(outcomes).reduce((sum, count) => sum + count, 0);
const all = PORTS * PACKETS;

// The devices stall, continue, and stall again until they are unplugged.
{
  const { serial, names } = await open('readLater');
  // The first calls are slower.
  await statTimes(1_000);
  const unloaded = await statTimes(2_000);
  const outcomes = sendMuch(serial, names);
  await untilStalled(serial, names);
  report('statTimes', { unloaded, stalled: await statTimes(2_000) });
  const sentWhileStalled = settled(outcomes);
  for (const gadget of gadgets) {
    gadget.continueReading();
  }
  await until('all sends have settled', () => settled(outcomes) === all, 60_000);
  const bytesWritten = names.reduce((sum, name) => sum + serial.stats(name).bytesWritten, 0);
  const bytesRead = () => gadgets.reduce((sum, gadget) => sum + gadget.bytesRead, 0);
  await until('the devices have read everything', () => bytesRead() >= bytesWritten);
  report('continued', { all, sentWhileStalled, outcomes, bytesWritten, bytesRead: bytesRead() });

  allBehave('readNothing');
  const unplugged = sendMuch(serial, names);
  await untilStalled(serial, names);
  const sentBefore = settled(unplugged);
  for (const gadget of gadgets) {
    gadget.unplug();
  }
  await until('all sends have settled', () => settled(unplugged) === all);
  report('unplugged', { all, sentBefore, outcomes: unplugged });
  await serial.shutdown();
  report(
    'unpluggedStats',
    names.map((name) => serial.stats(name)),
  );
}

// The devices stall until the shutdown.
{
  const { serial, names } = await open('readNothing');
  const outcomes = sendMuch(serial, names);
  await untilStalled(serial, names);
  const shutdownMs = await timeOf(() => serial.shutdown());
  report('shutdown', { all, outcomes, shutdownMs, shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS });
  report(
    'shutdownStats',
    names.map((name) => serial.stats(name)),
  );
  report('statTimesAfterShutdown', await statTimes(1_000));
  for (const gadget of gadgets) {
    gadget.unplug();
  }
}

// The ports open again when the devices return. This time, the devices do not even open their ports, so the kernel keeps
// the one packet that it has accepted.
{
  const { serial, names } = await open('rest');
  await Promise.all(names.map((name) => serial.send(name, Uint8Array.of(1))));
  const shutdownMs = await timeOf(() => serial.shutdown());
  report('silent', { shutdownMs, statTimes: await statTimes(1_000) });
}

// The devices still read nothing. The process must exit by itself.
const done = performance.now();
process.on('exit', () => report('exitAfterMs', Math.round(performance.now() - done)));
