// What `sercom monitor` makes of a flooding port: monitor.mjs empty|json|log PATH PACKET_BYTES.
// "empty" is the library with a handler that only counts. In the others every packet is checked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SerialCommunicator } from '../../dist/index.js';
import { packetPool } from '../support/packets.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

const SERCOM = fileURLToPath(new URL('../../dist/cli/sercom.js', import.meta.url));

/** After its port is open, a process still sets the line up, which drops what came before. */
const SET_UP_MS = 200;

const [mode, port, packetBytes] = process.argv.slice(2);
const pool = packetPool(Number(packetBytes)).map((packet) => Buffer.from(packet).toString('hex'));
const folder = mkdtempSync(path.join(tmpdir(), 'bench-monitor-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

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

  async json(count) {
    const monitor = await start(count, '--json');
    let startedMs = 0;
    let endedMs = 0;
    let bytes = 0;
    let earlyBytes = 0;
    let lateBytes = 0;
    // Looked at only when all are there: what reads the pipe must not be what is measured.
    const chunks = [];
    monitor.stdout.on('data', (chunk) => {
      endedMs = performance.now();
      startedMs ||= endedMs;
      chunks.push(chunk);
      bytes += chunk.length;
      // All lines are of the same length.
      const share = bytes / ((chunks[0].indexOf('\n') + 1) * count);
      if (earlyBytes === 0 && share > 1 / 3) {
        earlyBytes = residentBytes(monitor.pid);
      } else if (lateBytes === 0 && share > 0.95) {
        lateBytes = residentBytes(monitor.pid);
      }
    });
    await ended(monitor);
    checkLines(Buffer.concat(chunks).toString('latin1').split('\n').slice(0, -1), count, (hex) => `"hex":"${hex}"}`);
    return { packets: count, seconds: (endedMs - startedMs) / 1e3, growthBytes: lateBytes - earlyBytes };
  },

  async log(count) {
    const log = path.join(folder, 'log');
    const monitor = await start(count, '--quiet', '--log', log, '--force');
    let startedMs = 0;
    const memory = [];
    const watching = setInterval(() => {
      if (statSync(log).size > 0) {
        startedMs ||= performance.now();
        memory.push(residentBytes(monitor.pid));
      }
    }, 5);
    await ended(monitor);
    const seconds = (performance.now() - startedMs) / 1e3;
    clearInterval(watching);
    checkLines(readFileSync(log, 'latin1').split('\n').slice(0, -1), count, (hex) => ` rx#${hex}`);
    const used = memory.filter((bytes) => bytes > 0);
    return { packets: count, seconds, growthBytes: used.at(-1) - used[Math.floor(used.length / 3)] };
  },
};

answerCommands({ run: (count) => modes[mode](Number(count)) });

/** Starts the monitor; resolves when it has opened the port, and tells the benchmark. */
async function start(count, ...options) {
  const monitor = spawn(
    process.execPath,
    [SERCOM, 'monitor', port, '--no-skip-first', '-n', String(count), ...options],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  monitor.ended = once(monitor, 'close');
  while (!hasOpen(monitor.pid)) {
    await delay(10);
  }
  await delay(SET_UP_MS);
  answer({ armed: true });
  return monitor;
}

function checkLines(lines, count, endOf) {
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
