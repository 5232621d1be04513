// Is each unplug of a gadget on cdc_acm reported? Between attempts to reconnect, the connection waits so long that it returns
// in time only if it notices the new device at once.
import { Gadget } from './lib/gadget.mjs';
import { report } from './lib/host.mjs';
import { Watched } from './lib/links.mjs';
import { unplugOnce } from './lib/rounds.mjs';

const STATES = {
  noHandler: { device: 'trickle', rounds: 2 },
  receivingFlood: { device: 'flood', receives: true, rounds: 8 },
  receivingTrickle: { device: 'trickle', receives: true, rounds: 4 },
  sendingAndReceiving: { device: 'floodAndRead', receives: true, sends: true, rounds: 8 },
  sending: { device: 'read', sends: true, rounds: 2 },
  idle: { device: 'readNothing', rounds: 10 },
  slowHandler: { device: 'flood', receives: true, isSlow: true, rounds: 2 },
};

const gadget = new Gadget('GADGET42');
const link = new Watched({ path: '/dev/ttyACM0', reconnect: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
await link.serial.initialize();
report('absent', { state: link.serial.state, connectionState: link.serial.connectionState('board') });

const rounds = [];
for (const [state, settings] of Object.entries(STATES)) {
  if (state !== 'noHandler') {
    link.receive();
  }
  for (let round = 0; round < settings.rounds; round++) {
    rounds.push({ state, ...(await unplugOnce(link, gadget, settings, 10 * (round % 8))) });
    report('rounds', rounds);
  }
}
report(
  'events',
  link.events.map(({ event }) => event),
);
await link.serial.shutdown();
report('stats', link.serial.stats('board'));
