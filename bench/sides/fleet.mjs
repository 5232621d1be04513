// Opens one port that stays, and others that leave and return. Its only argument is a JSON object.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { packetPool, sameBytes } from '../support/packets.mjs';
import { percentile } from '../support/stats.mjs';
import { answer, answerCommands, fail } from './answer.mjs';
import { communicatorFor } from './ours.mjs';

const { size, binding, paths } = JSON.parse(process.argv[2]);
const pool = packetPool(size);

/** Time from an echo to the next packet. */
const GAP_MS = 2;

let onPacket = () => fail('wrong bytes: unexpected packet');

const communicator = await communicatorFor(binding, paths);
communicator.setReceiveHandler((_, packet) => onPacket(packet));
communicator.on('rejectedFrame', ({ reason }) => fail(`wrong bytes: rejected frame, ${reason}`));
await communicator.initialize();
answer({ ready: true });
answerCommands({ echo, idle, leaving, returning });

/** Sends `count` packets to the port that stays, each some time after the echo of the previous one. */
function echo(count) {
  const samplesUs = new Float64Array(Number(count));
  let received = 0;
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    communicator.send('0', pool[received % pool.length]).catch(fail);
  };
  return new Promise((resolve) => {
    onPacket = (packet) => {
      samplesUs[received] = (performance.now() - sentAt) * 1e3;
      if (!sameBytes(packet, pool[received % pool.length])) {
        fail(`wrong bytes: packet ${received}, decoded length ${packet.length}`);
      }
      if (++received === samplesUs.length) {
        resolve({ p99: percentile(samplesUs, 0.99) });
      } else {
        setTimeout(send, GAP_MS);
      }
    };
    send();
  });
}

/** Measures the processor time of the idle process, in percent of one processor. */
async function idle(ms) {
  const started = performance.now();
  const cpuMs = measureCpu();
  await delay(Number(ms));
  return { percent: (100 * cpuMs()) / (performance.now() - started) };
}

/** Waits until `count` ports are lost. */
async function leaving(count) {
  await happens('disconnected', Number(count));
}

/** Waits until `count` ports are open again. Measures what that costs. */
async function returning(count) {
  const cpuMs = measureCpu();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  await happens('connected', Number(count));
  loop.disable();
  return { cpu: cpuMs() / Number(count), block: loop.max / 1e6 };
}

function happens(event, times) {
  return new Promise((resolve) => {
    let left = times;
    const listener = () => {
      if (--left === 0) {
        communicator.off(event, listener);
        resolve();
      }
    };
    communicator.on(event, listener);
  });
}

/** Returns a function that returns the processor time since, in ms. */
function measureCpu() {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
}
