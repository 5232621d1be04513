// A gadget on cdc_acm is unplugged again and again. The connection waits for it each time, with tries so far apart that
// it comes back only if the new device is noticed at once.
import { Gadget } from './lib/gadget.mjs';
import { tell } from './lib/host.mjs';
import { Watched } from './lib/links.mjs';
import { unplugOnce } from './lib/rounds.mjs';

const STATES = {
  nobodyListens: { device: 'trickle', rounds: 2 },
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
tell('absent', { state: link.serial.state, connectionState: link.serial.connectionState('board') });

const rounds = [];
for (const [state, settings] of Object.entries(STATES)) {
  if (state !== 'nobodyListens') {
    link.receive();
  }
  for (let round = 0; round < settings.rounds; round++) {
    rounds.push({ state, ...(await unplugOnce(link, gadget, settings, 10 * (round % 8))) });
    tell('rounds', rounds);
  }
}
tell(
  'events',
  link.events.map(({ event }) => event),
);
await link.serial.shutdown();
tell('stats', link.serial.stats('board'));
