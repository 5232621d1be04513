// Many requests at once, over connections in memory.
import { LoopbackCommunicator } from '../../dist/testing/index.js';
import { answer, answerCommands, fail } from './answer.mjs';

/** Makes `count` requests at once and waits for all replies. Measures the processor time. */
async function requests(count, connections, idBytes) {
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
  return { milliseconds: (user + system) / 1e3 };
}

answer({ ready: true });
answerCommands({ requests });
