// What `sercom monitor` makes of a flooding port: monitor.mjs empty|json|log PATH PACKET_BYTES.
// "empty" is the library with a handler that only counts. In the others every packet is checked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
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
    let index = 0;
    let startedMs = 0;
    let endedMs = 0;
    let earlyBytes = 0;
    // Whole lines at a time, without readline, which would be slower than what it measures.
    let rest = '';
    monitor.stdout.setEncoding('latin1').on('data', (text) => {
      endedMs = performance.now();
      startedMs ||= endedMs;
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (!line.endsWith(`"hex":"${pool[index % pool.length]}"}`)) {
          fail(`wrong bytes: line ${index}: ${line.slice(0, 200)}`);
        }
        index++;
        if (index === Math.floor(count / 3)) {
          earlyBytes = residentBytes(monitor.pid);
        } else if (index === count - 1) {
          monitor.lateBytes = residentBytes(monitor.pid);
        }
      }
    });
    await ended(monitor);
    if (index !== count) {
      fail(`wrong bytes: ${index} of ${count} lines`);
    }
    return { packets: count, seconds: (endedMs - startedMs) / 1e3, growthBytes: monitor.lateBytes - earlyBytes };
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
    let index = 0;
    for await (const line of createInterface({ input: createReadStream(log) })) {
      if (!line.endsWith(` rx#${pool[index % pool.length]}`)) {
        fail(`wrong bytes: line ${index}: ${line.slice(0, 200)}`);
      }
      index++;
    }
    if (index !== count) {
      fail(`wrong bytes: ${index} of ${count} lines`);
    }
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
