import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PACKET_BYTES = 16;
const FLEET = 200;

export default {
  question: `What do ${FLEET} ports that are away cost the process, and the one port that is not?`,
  needs: ['ptys', 'cc'],
  metrics: {
    p99: 'us, echo of the port that stays',
    idle: '% of one processor',
    cpu: 'ms of processor time for each port that returns',
    block: 'ms, longest block of the event loop',
  },
  bars: [
    { metric: 'p99', of: 'away', to: 'present', max: 2 },
    { metric: 'idle', of: 'away', to: 'present', how: 'difference', max: 1 },
  ],
  async run(bench) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-fleet-'));
    try {
      await measure(bench, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** @param folder where links are the paths of the fleet, as udev makes and removes them */
async function measure(bench, folder) {
  const links = Array.from({ length: FLEET }, (_, port) => join(folder, `port${port}`));
  let fleet = await plug(bench, links);
  const survivor = await bench.device('present', 'echo', { size: PACKET_BYTES });
  const config = { size: PACKET_BYTES, binding: bench.options.binding, paths: [survivor.paths[0], ...links] };
  const host = bench.node('present', 'fleet.mjs', [JSON.stringify(config)]);
  await host.next();

  const states = {
    async present() {
      if (fleet === undefined) {
        host.tell(`returning ${FLEET}`);
        fleet = await plug(bench, links);
        bench.record('returning', await host.next());
      }
    },
    async away() {
      if (fleet !== undefined) {
        host.tell(`leaving ${FLEET}`);
        links.forEach(unlinkSync);
        fleet.kill();
        fleet = undefined;
        await host.next();
        // Retries have their longest delay by then.
        await delay(bench.size(10_000, 1_000));
      }
    },
  };
  await bench.alternate(states, bench.size(4, 3), async (enter) => {
    await enter();
    const { p99 } = await host.ask(`echo ${bench.size(4_000, 500)}`);
    const { percent } = await host.ask(`idle ${bench.size(10_000, 2_000)}`);
    return { p99, idle: percent };
  });
  await states.present();
}

/** Starts the devices of the fleet, and makes the links to their ports. Returns their process. */
async function plug(bench, links) {
  const { device, paths } = await bench.device('fleet', 'echo', { ports: FLEET });
  paths.forEach((path, port) => {
    symlinkSync(path, `${links[port]}.new`);
    renameSync(`${links[port]}.new`, links[port]);
  });
  return device;
}
