// Many requests at once, over connections in memory.
import { LoopbackCommunicator } from '../../dist/testing/index.js';
import { percentile } from '../support/stats.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

/** Each measurement is the median of this many runs: a single one may include much garbage collection. */
const RUNS = 5;

async function requests(...args) {
  const milliseconds = [];
  for (let run = 0; run < RUNS; run++) {
    milliseconds.push(await oneRun(...args));
  }
  return { milliseconds: percentile(milliseconds, 0.5) };
}

/** Makes `count` requests at once and waits for all replies. Returns the processor time in milliseconds. */
async function oneRun(count, connections, idBytes) {
  const communicator = new LoopbackCommunicator();
  for (let index = 0; index < Number(connections); index++) {
    communicator.addConnection(String(index), idBytes === '0' ? {} : { requestIds: { bytes: Number(idBytes) } });
  }
  await communicator.initialize();
  const options = idBytes === '0' ? { matches: () => true } : undefined;
  const cpu = process.cpuUsage();
  const replies = await Promise.all(
    Array.from({ length: Number(count) }, (_, index) =>
      communicator.request(String(index % connections), Uint8Array.of(index & 0xff, index >> 8), options),
    ),
  );
  const { user, system } = process.cpuUsage(cpu);
  if (replies.some((reply, index) => reply[0] !== (index & 0xff) || reply[1] !== index >> 8)) {
    fail('wrong bytes: a reply to another request');
  }
  await communicator.shutdown();
  return (user + system) / 1e3;
}

answer({ ready: true });
answerCommands({ requests });
