// The host end: one of the stacks on its ports, and what is done with it. Its one argument is a JSON object.
import { once } from 'node:events';
import { close, open as openFile, readFileSync, stat } from 'node:fs';
import { promisify } from 'node:util';
import { packetPool, sameBytes } from '../support/packets.mjs';
import { percentile } from '../support/stats.mjs';
import { answer, answerCommands, fail } from './answer.mjs';
import { startLoad, stopLoad } from './load.mjs';

const config = JSON.parse(process.argv[2]);
const pool = packetPool(config.size);
const ports = config.paths.length;

/** Takes each packet; set while a workload is under way. */
let onPacket = () => fail('wrong bytes: a packet that nobody waits for');

function check(packet, index) {
  if (!sameBytes(packet, pool[index % pool.length])) {
    fail(`wrong bytes: packet ${index}, decoded length ${packet.length}`);
  }
}

const workloads = {
  /** Sends `count` packets over each port, one after the other, `gapMs` after the echo of the one before. */
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

  /** Takes `count` packets; the time is from the first to the last. */
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

  /** Sends `count` packets; the device takes the time. */
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

/**
 * The memory of the process in bytes, without garbage if it was started with --expose-gc, and without what the kernel
 * shows it of files: of the program itself, more of it the longer it runs.
 */
async function residentBytes() {
  // What buffers held is given back by another thread, and what was held weakly only by a later collection.
  for (let collection = 0; collection < 3; collection++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}

const heldFiles = [];

/** Holds a thread of the pool with each FIFO: `open` waits until there is a writer. */
async function hold(...fifos) {
  for (const fifo of fifos) {
    openFile(fifo, 'r', (error, fd) => (error ? fail(error) : heldFiles.push(fd)));
  }
  const timeout = AbortSignal.timeout(50);
  const first = await Promise.race([promisify(stat)('/').then(() => 'stat'), once(timeout, 'abort')]);
  if (first === 'stat') {
    fail('the thread pool is not held');
  }
}

/** For when the FIFOs have got their writers. */
async function release() {
  await promisify(stat)('/');
  await Promise.all(heldFiles.splice(0).map((fd) => promisify(close)(fd)));
}

/** The processor time of a process with nothing to do, as a share of one processor, in percent. */
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
