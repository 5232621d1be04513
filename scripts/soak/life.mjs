import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { CommunicatorState, SerialCommunicator } from 'serial-communicator';
import { findViolations } from './checks.mjs';
import { hex, isEmptyByNoise, makePacket, packetNumber } from './packets.mjs';

const SHUTDOWN_TIMEOUT_MS = 300;

/** Allowance for a busy machine. */
const SLACK_MS = 5_000;

/** Maximum number of pending sends per connection. */
const MAX_PENDING = 200;

function settingsFor(station, random) {
  const minDelayMs = 1 + random.below(10);
  return {
    path: station.line.path,
    baudRate: 115_200,
    checksum: station.checksum,
    maxPacketBytes: random.pick([1_000, 3_000, 65_536]),
    // Must be less than sendTimeoutMs.
    settleMs: random.pick([0, 0, 0, 15]),
    syncOnOpen: !random.oneIn(4),
    skipFirst: random.oneIn(4),
    required: random.oneIn(2),
    reconnect: { minDelayMs, maxDelayMs: minDelayMs + random.below(40) },
    whenDisconnected: random.pick(['reject', 'wait']),
    sendTimeoutMs: random.pick([0, 0, 20, 200]),
    sendQueueBytes: random.pick([70_000, 200_000]),
  };
}

/** What is observed of one connection from outside: sends, events and the traffic on its line. */
class Observation {
  sends = { made: 0, settled: 0, abortedBefore: 0, outcomes: {} };
  events = { connected: 0, disconnected: 0, rejectedFrames: 0, packets: 0, handlerErrors: 0, throws: 0 };
  #lineBefore;
  #lastNumbers = [-1, -1];

  constructor(station, report) {
    this.station = station;
    this.report = report;
    this.#lineBefore = station.line.stats;
  }

  get line() {
    const now = this.station.line.stats;
    const difference = (direction) => {
      const before = this.#lineBefore[direction];
      return Object.fromEntries(Object.entries(now[direction]).map(([key, value]) => [key, value - before[key]]));
    };
    return { toDevice: difference('toDevice'), toHost: difference('toHost') };
  }

  packetArrived(packet) {
    this.events.packets++;
    const number = packetNumber(packet);
    const { name, isExact, checksum } = this.station;
    if (number === undefined) {
      if (isEmptyByNoise(packet, checksum)) {
        this.station.emptyByNoise++;
      } else if (isExact || checksum === 'crc32') {
        this.report(`${name}: received a packet of ${packet.length} bytes that was never sent: ${hex(packet)}`);
      }
      return;
    }
    const kind = number >>> 31;
    if (number <= this.#lastNumbers[kind]) {
      this.report(`${name}: packet ${number} arrived after packet ${this.#lastNumbers[kind]}`);
    }
    this.#lastNumbers[kind] = number;
  }
}

/** Runs one communicator with traffic and faults for `lifeMs`, then shuts it down and checks it. Returns its totals. */
export async function runCommunicator(stations, random, lifeMs, report) {
  const observed = new Map(stations.map((station) => [station.name, new Observation(station, report)]));
  const serial = await start(stations, observed, random, report);
  const endAt = performance.now() + lifeMs;
  const isOver = () => serial.state !== CommunicatorState.STARTED;
  const traffic = [...observed.values()].map((connection) => sendPackets(serial, connection, random, isOver));
  const faults = injectFaults(stations, random, isOver);
  await sleep(endAt - performance.now());

  const shutdownAt = performance.now();
  await serial.shutdown();
  const tookMs = performance.now() - shutdownAt;
  if (tookMs > SHUTDOWN_TIMEOUT_MS + SLACK_MS) {
    report(`shutdown took ${Math.round(tookMs)} ms`);
  }
  await faults;
  // Sends that never settle must not block here. They are reported as a violation below.
  await Promise.race([Promise.all(traffic), sleep(SLACK_MS, undefined, { ref: false })]);
  // Let operations finish that were in progress when the ports closed.
  for (let count = 0; count < 5; count++) {
    await turn();
  }
  const totals = { lives: 1 };
  for (const [name, connection] of observed) {
    const stats = serial.stats(name);
    for (const violation of findViolations({ ...connection, stats, line: connection.line })) {
      report(`${name}: ${violation}`);
    }
    if (serial.connectionState(name) !== 'disconnected') {
      report(`${name}: ${serial.connectionState(name)} after shutdown`);
    }
    connection.station.discardPartialFrame();
    for (const [key, value] of Object.entries(stats)) {
      totals[key] = (totals[key] ?? 0) + value;
    }
  }
  return totals;
}

async function start(stations, observed, random, report) {
  for (;;) {
    const serial = new SerialCommunicator({
      binding: joinedBinding(stations),
      shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS,
    });
    for (const station of stations) {
      serial.addConnection(station.name, settingsFor(station, random));
    }
    serial.on('connected', ({ name }) => observed.get(name).events.connected++);
    serial.on('disconnected', ({ name }) => observed.get(name).events.disconnected++);
    serial.on('rejectedFrame', ({ name }) => observed.get(name).events.rejectedFrames++);
    serial.on('handlerError', ({ name }) => observed.get(name).events.handlerErrors++);
    if (!random.oneIn(8)) {
      serial.setReceiveHandler(randomHandler(observed, random));
    }
    try {
      await serial.initialize();
      return serial;
    } catch (error) {
      if (error.code !== 'INITIALIZE_FAILED') {
        report(`initialize: ${error.stack}`);
      }
      // A required device was unplugged.
      for (const station of stations) {
        station.repair();
      }
      await sleep(20);
    }
  }
}

/** Combines the bindings of the stations into one. */
function joinedBinding(stations) {
  return {
    list: async () => (await Promise.all(stations.map(({ line }) => line.binding.list()))).flat(),
    open: (options) => stations.find(({ line }) => line.path === options.path).line.binding.open(options),
  };
}

function randomHandler(observed, random) {
  const delays = random.pick([[undefined], [undefined, 0], [undefined, 0, 1, 5]]);
  const throwsIn = random.pick([1_000_000, 20]);
  return (name, packet) => {
    const connection = observed.get(name);
    connection.packetArrived(packet);
    const delay = random.pick(delays);
    const fails = random.oneIn(throwsIn);
    const fail = () => {
      connection.events.throws++;
      throw new Error('thrown by the receive handler on purpose');
    };
    if (delay !== undefined) {
      return (delay === 0 ? turn() : sleep(delay)).then(() => fails && fail());
    }
    return fails ? fail() : undefined;
  };
}

/** Sends bursts of packets, some of them with a signal that aborts before or during the send. */
async function sendPackets(serial, connection, random, isOver) {
  const { sends, station } = connection;
  const longest = random.pick([20, 300, 1_500]);
  while (!isOver()) {
    const pending = [];
    for (let count = random.below(20); count > 0; count--) {
      if (sends.made - sends.settled < MAX_PENDING) {
        pending.push(send(serial, connection, makePacket(station.nextNumber++, random.below(longest)), random));
      }
    }
    if (random.oneIn(2)) {
      // This ends at the latest when a stall ends or the communicator shuts down.
      await Promise.all(pending);
    }
    await (random.oneIn(3) ? sleep(random.below(20)) : turn());
  }
}

async function send(serial, { sends, station }, packet, random) {
  sends.made++;
  const controller = new AbortController();
  const when = random.below(40);
  if (when === 0) {
    controller.abort('aborted');
    sends.abortedBefore += serial.state === CommunicatorState.STARTED ? 1 : 0;
  } else if (when < 4) {
    setTimeout(() => controller.abort('aborted'), random.below(30)).unref();
  }
  const options = when < 4 ? { signal: controller.signal } : undefined;
  const outcome = await serial.send(station.name, packet, options).then(
    () => 'sent',
    (error) => (error === 'aborted' ? error : (error?.code ?? String(error))),
  );
  sends.settled++;
  sends.outcomes[outcome] = (sends.outcomes[outcome] ?? 0) + 1;
}

/** Injects one random fault after another and repairs each after a while. Several may be active at a time. */
async function injectFaults(stations, random, isOver) {
  const repairs = new Set();
  while (!isOver()) {
    const inject = random.pick(Object.values(random.pick(stations).faults));
    const repair = inject();
    const repairing = sleep(random.pick([0, 5, 50, 300])).then(() => {
      repair();
      repairs.delete(repairing);
    });
    repairs.add(repairing);
    await sleep(random.below(120));
  }
  await Promise.all(repairs);
}
