// What `sercom monitor` does with a flooding port: monitor.mjs MODE PATH PACKET_BYTES C_PROGRAM.
//
//   empty                 the library with a handler that only counts
//   json-pipe, json-file  sercom monitor --json into a pipe that `cat` reads, or into a file
//   log                   sercom monitor --quiet --log
//   c-json, c-log         the C program of peers/monitor.c, into a file
//
// All modes but the first check every packet.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SerialCommunicator } from '../../dist/index.js';
import { packetPool } from '../support/packets.mjs';
import { opened, SET_UP_MS } from '../support/processes.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

const SERCOM = fileURLToPath(new URL('../../sercom/bin/sercom.js', import.meta.url));

const [mode, port, packetBytes, cProgram] = process.argv.slice(2);
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

  async 'json-pipe'(count, folder) {
    const file = path.join(folder, 'lines');
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const target = openSync(file, 'w');
    const cat = spawn('cat', [pipe], { stdio: ['ignore', target, 'inherit'] });
    const catEnded = once(cat, 'close');
    // Waits until cat has opened it.
    const stdout = openSync(pipe, 'w');
    const monitor = await startSercom(count, stdout, '--json');
    [target, stdout].forEach(closeSync);
    const result = await watch(monitor, file, count, catEnded);
    checkLines(file, count, jsonEnd);
    return result;
  },

  'json-file': (count, folder) => intoFile(count, folder, jsonEnd, (stdout) => startSercom(count, stdout, '--json')),

  'c-json': (count, folder) => intoFile(count, folder, jsonEnd, (stdout) => startC(count, stdout, 'json')),

  'c-log': (count, folder) => intoFile(count, folder, logEnd, (stdout) => startC(count, stdout, 'log')),

  async log(count, folder) {
    const file = path.join(folder, 'log');
    const monitor = await startSercom(count, 'ignore', '--quiet', '--log', file, '--force');
    const result = await watch(monitor, file, count);
    checkLines(file, count, logEnd);
    return result;
  },
};

const jsonEnd = (hex) => `"hex":"${hex}"}`;
const logEnd = (hex) => ` rx#${hex}`;

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

/** Runs a monitor whose stdout is a file. */
async function intoFile(count, folder, endOf, startWith) {
  const file = path.join(folder, 'lines');
  const stdout = openSync(file, 'w');
  const monitor = await startWith(stdout);
  closeSync(stdout);
  const result = await watch(monitor, file, count);
  checkLines(file, count, endOf);
  return result;
}

/**
 * Measures how fast the file grows, and the monitor's memory with it, from a third of the way on, since a monitor runs
 * for much longer than it starts. All lines have the same length.
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

function startSercom(count, stdout, ...options) {
  const command = [SERCOM, 'monitor', port, '--no-skip-first', '-n', String(count), ...options];
  return start(process.execPath, command, stdout);
}

function startC(count, stdout, format) {
  return start(cProgram, [port, format, String(count)], stdout);
}

/** Starts a monitor. Once it has opened the port, informs the benchmark. */
async function start(command, args, stdout) {
  const monitor = spawn(command, args, { stdio: ['ignore', stdout, 'inherit'] });
  monitor.ended = once(monitor, 'close');
  await opened(port, monitor.pid);
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
    fail(`the monitor ended with ${code}`);
  }
}

/** The memory of a process; 0 if it has ended. */
function residentBytes(pid) {
  try {
    return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
