// The bridge of a fleet: opens ports with one of the stacks, and publishes what arrives. Its only argument is a JSON object.
import { residentBytes } from '../support/memory.mjs';
import { answer, answerCommands, fail } from './answer.mjs';

const config = JSON.parse(process.argv[2]);
const { openBridge } = await import(`./mqtt-${config.stack}.mjs`);
const emptyBytes = await residentBytes();
const bridge = await openBridge(config, fail);
answer({ ready: true });
answerCommands({
  counts: () => ({ ...bridge.counts(), cpuUs: cpuUs() }),
  memory: async () => ({ usedBytes: (await residentBytes()) - emptyBytes }),
});

function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
