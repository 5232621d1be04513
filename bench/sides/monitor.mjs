// What `sercom monitor` makes of a flooding port: monitor.mjs empty|json|log PATH PACKET_BYTES.
// "empty" is the library with a handler that only counts. In the others every packet is checked.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SerialCommunicator } from '../../dist/index.js';
import { packetPool } from '../support/packets.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

const SERCOM = fileURLToPath(new URL('../../sercom/bin/sercom.js', import.meta.url));

/** After its port is open, a process still sets the line up, which drops what came before. */
const SET_UP_MS = 200;

const [mode, port, packetBytes] = process.argv.slice(2);
const pool = packetPool(Number(packetBytes)).map((packet) => Buffer.from(packet).toString('hex'));

const modes = {
  async empty(count) {
    let received = 0;
    let startedMs = 0;
    let finish = () => {};
    const finished = new Promise((resolve) => {
      finish = resolve;
    });
    const communicator = new SerialCommunicator();
    communicator.addConnection('port', { path: port, baudRate: 115_200 });
    communicator.on('rejectedFrame', ({ reason }) => fail(`wrong bytes: rejected frame, ${reason}`));
    communicator.setReceiveHandler(() => {
      if (++received === 1) {
        startedMs = performance.now();
      } else if (received === count) {
        finish();
      }
    });
    await communicator.initialize();
    await delay(SET_UP_MS);
    answer({ armed: true });
    await finished;
    const seconds = (performance.now() - startedMs) / 1e3;
    await communicator.shutdown();
    return { packets: count - 1, seconds };
  },

  /** Into a pipe that `cat` empties. */
  async json(count, folder) {
    const file = path.join(folder, 'lines');
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const target = openSync(file, 'w');
    const cat = spawn('cat', [pipe], { stdio: ['ignore', target, 'inherit'] });
    const catEnded = once(cat, 'close');
    // Waits for the cat.
    const stdout = openSync(pipe, 'w');
    const monitor = await start(count, stdout, '--json');
    [target, stdout].forEach(closeSync);
    const result = await watch(monitor, file, count, catEnded);
    checkLines(file, count, (hex) => `"hex":"${hex}"}`);
    return result;
  },

  async log(count, folder) {
    const file = path.join(folder, 'log');
    const monitor = await start(count, 'ignore', '--quiet', '--log', file, '--force');
    const result = await watch(monitor, file, count);
    checkLines(file, count, (hex) => ` rx#${hex}`);
    return result;
  },
};

answerCommands({
  async run(count) {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-monitor-'));
    try {
      return await modes[mode](Number(count), folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});

/**
 * How fast the file grows, and the monitor's memory with it, from a third of the way on: a monitor is kept open for
 * long, and its start is short. All lines are of the same length.
 */
async function watch(monitor, file, count, written) {
  let lineBytes = 0;
  let first;
  let last;
  const watching = setInterval(() => {
    const { size } = statSync(file);
    if (lineBytes === 0 && size > 0) {
      lineBytes = readFileSync(file).indexOf('\n') + 1;
    }
    const packets = size / lineBytes;
    if (packets > count / 3 && packets > (last?.packets ?? 0)) {
      last = { packets, ms: performance.now(), bytes: residentBytes(monitor.pid) || last?.bytes };
      first ??= last;
    }
  }, 5);
  await ended(monitor);
  await written;
  clearInterval(watching);
  return {
    packets: last.packets - first.packets,
    seconds: (last.ms - first.ms) / 1e3,
    growthBytes: last.bytes - first.bytes,
  };
}

/** Starts the monitor; resolves when it has opened the port, and tells the benchmark. */
async function start(count, stdout, ...options) {
  const monitor = spawn(
    process.execPath,
    [SERCOM, 'monitor', port, '--no-skip-first', '-n', String(count), ...options],
    { stdio: ['ignore', stdout, 'inherit'] },
  );
  monitor.ended = once(monitor, 'close');
  while (!hasOpen(monitor.pid)) {
    await delay(10);
  }
  await delay(SET_UP_MS);
  answer({ armed: true });
  return monitor;
}

function checkLines(file, count, endOf) {
  const lines = readFileSync(file, 'latin1').split('\n').slice(0, -1);
  const ends = pool.map(endOf);
  const wrong = lines.findIndex((line, index) => !line.endsWith(ends[index % ends.length]));
  if (wrong >= 0) {
    fail(`wrong bytes: line ${wrong}: ${lines[wrong].slice(0, 200)}`);
  }
  if (lines.length !== count) {
    fail(`wrong bytes: ${lines.length} of ${count} lines`);
  }
}

async function ended(monitor) {
  const [code] = await monitor.ended;
  if (code !== 0) {
    fail(`sercom ended with ${code}`);
  }
}

function hasOpen(pid) {
  const descriptors = `/proc/${pid}/fd`;
  return readdirSync(descriptors).some((descriptor) => {
    try {
      return readlinkSync(`${descriptors}/${descriptor}`) === port;
    } catch {
      return false;
    }
  });
}

/** 0 if the process has ended. */
function residentBytes(pid) {
  try {
    return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
