// The host: opens ports with one of the stacks and runs workloads on them. Its only argument is a JSON object.
import { once } from 'node:events';
import { close, open as openFile, stat } from 'node:fs';
import { promisify } from 'node:util';
import { residentBytes } from '../support/memory.mjs';
import { packetPool, sameBytes } from '../support/packets.mjs';
import { percentile } from '../support/stats.mjs';
import { answer, answerCommands, fail } from './answer.mjs';
import { startLoad, stopLoad } from './load.mjs';

const config = JSON.parse(process.argv[2]);
const pool = packetPool(config.size);
const ports = config.paths.length;

const TIMER_MS = 10;
const SLOW_HANDLER_MS = 5;

/** Number of packets that the workload `slow` has handled in all its runs. */
let slowlyHandled = 0;

/** Handles each packet; set by the running workload. */
let onPacket = () => fail('wrong bytes: unexpected packet');

function check(packet, index) {
  if (!sameBytes(packet, pool[index % pool.length])) {
    fail(`wrong bytes: packet ${index}, decoded length ${packet.length}`);
  }
}

const workloads = {
  /** Sends `count` packets on each port, each `gapMs` after the echo of the previous one. */
  echo(count) {
    const samplesUs = new Float64Array(count * ports);
    const sentAt = new Float64Array(ports);
    const received = new Uint32Array(ports);
    let echoes = 0;
    const send = (port) => {
      sentAt[port] = performance.now();
      stack.send(pool[received[port] % pool.length], port);
    };
    return new Promise((resolve) => {
      onPacket = (packet, port) => {
        samplesUs[echoes++] = (performance.now() - sentAt[port]) * 1e3;
        check(packet, received[port]);
        if (++received[port] < count) {
          if (config.gapMs > 0) {
            setTimeout(send, config.gapMs, port);
          } else {
            send(port);
          }
        } else if (echoes === samplesUs.length) {
          resolve({ p50: percentile(samplesUs, 0.5), p99: percentile(samplesUs, 0.99) });
        }
      };
      for (let port = 0; port < ports; port++) {
        send(port);
      }
    });
  },

  /** Receives `count` packets. Measures the time from the first to the last. */
  receive(count) {
    let received = 0;
    let started = 0;
    return new Promise((resolve) => {
      onPacket = (packet) => {
        check(packet, received);
        if (++received === 1) {
          started = performance.now();
        } else if (received === count) {
          resolve({ packets: count - 1, seconds: (performance.now() - started) / 1e3 });
        }
      };
    });
  },

  /** Handles `count` packets of a flood, each for 5 ms. Measures how late a timer of 10 ms fires at worst. */
  slow(count) {
    const last = slowlyHandled + count;
    let latest = 0;
    let due = performance.now() + TIMER_MS;
    const timer = setInterval(() => {
      latest = Math.max(latest, performance.now() - due);
      due = performance.now() + TIMER_MS;
    }, TIMER_MS);
    return new Promise((resolve) => {
      onPacket = (packet) => {
        const until = performance.now() + SLOW_HANDLER_MS;
        check(packet, slowlyHandled);
        while (performance.now() < until) {
          // The handler is busy.
        }
        if (++slowlyHandled === last) {
          clearInterval(timer);
          resolve({ latest: Math.max(latest, performance.now() - due) });
        }
      };
    });
  },

  /** Sends `count` packets. The device measures the time. */
  async send(count) {
    await stack.sendAll(pool, count);
    return {};
  },
};

async function run(count) {
  answer({ armed: true });
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = await workloads[config.workload](Number(count));
  const { user, system } = process.cpuUsage(cpu);
  const elapsedSeconds = (performance.now() - started) / 1e3;
  return { elapsedSeconds, ...result, cpuUs: user + system };
}

const heldFiles = [];

/** Blocks a thread of the pool with each FIFO: opening one waits for a writer. */
async function hold(...fifos) {
  for (const fifo of fifos) {
    openFile(fifo, 'r', (error, fd) => (error ? fail(error) : heldFiles.push(fd)));
  }
  const timeout = AbortSignal.timeout(50);
  const first = await Promise.race([promisify(stat)('/').then(() => 'stat'), once(timeout, 'abort')]);
  if (first === 'stat') {
    fail('the thread pool is not blocked');
  }
}

/** Waits for the blocked threads, once each FIFO has a writer. */
async function release() {
  await promisify(stat)('/');
  await Promise.all(heldFiles.splice(0).map((fd) => promisify(close)(fd)));
}

/** Measures the processor time of the idle process, in percent of one processor. */
async function idle(ms) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  const { user, system } = process.cpuUsage(cpu);
  return { percent: (user + system) / 10 / (performance.now() - started) };
}

const { open } = await import(`./${config.stack}.mjs`);
const emptyBytes = await residentBytes();
const stack = await open(config, (packet, port) => onPacket(packet, port), fail);
answer({ ready: true, openedBytes: (await residentBytes()) - emptyBytes });
answerCommands({
  run,
  hold,
  release,
  idle,
  memory: async () => ({ usedBytes: (await residentBytes()) - emptyBytes }),
  load: (threads) => startLoad(Number(threads)),
  unload: stopLoad,
});
