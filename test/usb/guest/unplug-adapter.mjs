// Is each unplug of QEMU's adapter on ftdi_sio reported? The adapter echoes what it receives.
import { Adapter } from './lib/adapter.mjs';
import { report } from './lib/host.mjs';
import { Watched } from './lib/links.mjs';
import { unplugOnce } from './lib/rounds.mjs';

const STATES = {
  receivingFlood: { device: 'flood', receives: true, rounds: 3 },
  sendingAndReceiving: { device: 'echo', receives: true, sends: true, rounds: 3 },
  idle: { device: 'echo', rounds: 3 },
};

const adapter = new Adapter();
const link = new Watched({ path: '/dev/ttyUSB0', reconnect: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
await link.serial.initialize();
link.receive();
const rounds = [];
for (const [state, settings] of Object.entries(STATES)) {
  for (let round = 0; round < settings.rounds; round++) {
    rounds.push({ state, ...(await unplugOnce(link, adapter, settings, 10 * (round % 8))) });
    report('rounds', rounds);
  }
}
report(
  'events',
  link.events.map(({ event }) => event),
);
await link.serial.shutdown();
report('stats', link.serial.stats('board'));
